from django.db import migrations


def fill_totals(apps, schema_editor):
    orders = apps.get_model("orders", "Order")
    for order in orders.objects.prefetch_related("lines"):
        order.total_cents = sum(line.quantity * line.price_cents for line in order.lines.all())
        order.save(update_fields=["total_cents"])


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_order_total")]

    operations = [migrations.RunPython(fill_totals, migrations.RunPython.noop)]
