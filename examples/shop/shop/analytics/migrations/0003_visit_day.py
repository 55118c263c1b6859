from django.db import migrations, models


def fill_days(apps, schema_editor):
    visits = apps.get_model("analytics", "Visit")
    for visit in visits.objects.filter(day=None).iterator():
        visit.day = visit.at.date()
        visit.save(update_fields=["day"])


class Migration(migrations.Migration):
    atomic = False  # a column that was just filled cannot be altered in the same transaction

    dependencies = [("analytics", "0002_daily_count")]

    operations = [
        migrations.AddField(model_name="visit", name="day", field=models.DateField(null=True)),
        migrations.RunPython(fill_days, migrations.RunPython.noop),
        migrations.AlterField(model_name="visit", name="day", field=models.DateField()),
    ]
