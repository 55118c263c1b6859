"""`makemigrations`: nothing is missing, and a new migration needs a name."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check_changes=True)


@pytest.mark.django_db
def test_looking_needs_no_name():
    call_command("makemigrations", dry_run=True)


@pytest.mark.django_db
def test_a_migration_with_a_name_may_be_made(capsys):
    call_command("makemigrations", "analytics", name="visit_rollup")
    assert "analytics" in capsys.readouterr().out


def test_a_migration_without_a_name_is_refused():
    with pytest.raises(CommandError, match="Give the migration a name"):
        call_command("makemigrations", "analytics")
