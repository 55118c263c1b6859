from django.db import migrations, models


def name_newsletter(apps, schema_editor):
    """Until now a visit that came by the newsletter was known by its path alone."""
    visits = apps.get_model("analytics", "Visit")
    visits.objects.filter(path__startswith="/newsletter/").update(source="newsletter")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0003_visit_day")]

    operations = [
        migrations.AddField(model_name="visit", name="source", field=models.CharField(default="direct", max_length=20)),
        migrations.AddIndex(model_name="visit", index=models.Index(fields=["day", "path"], name="visit_day_path")),
        migrations.RunPython(name_newsletter, migrations.RunPython.noop),
    ]
