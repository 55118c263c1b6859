from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_fill_slugs")]

    operations = [
        migrations.AddField(model_name="order", name="total_cents", field=models.PositiveIntegerField(default=0)),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="at_least_one"),
        ),
    ]
