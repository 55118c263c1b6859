"""`makemigrations` of the shop: a migration has a name that a person chose."""

from django.core.management.base import CommandError
from django.core.management.commands import makemigrations


class Command(makemigrations.Command):
    """Refuses to write a migration without a name; looking (`--check`, `--dry-run`) needs none."""

    def handle(self, *app_labels, **options):
        """As Django's, once there is a name."""
        if not options["name"] and not options["check_changes"] and not options["dry_run"]:
            raise CommandError("Give the migration a name: makemigrations APP --name what_it_does")
        return super().handle(*app_labels, **options)
