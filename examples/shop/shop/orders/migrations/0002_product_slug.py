from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddField(model_name="product", name="slug", field=models.SlugField(max_length=120, null=True)),
    ]
