from django.db import migrations, models
from django.utils.text import slugify


def fill_slugs(apps, schema_editor):
    products = apps.get_model("orders", "Product")
    for product in products.objects.filter(slug=None).iterator():
        product.slug = slugify(f"{product.name} {product.sku}")
        product.save(update_fields=["slug"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0002_product_slug")]

    operations = [
        migrations.RunPython(fill_slugs, migrations.RunPython.noop),
        migrations.AlterField(model_name="product", name="slug", field=models.SlugField(max_length=120, unique=True)),
    ]
