"""Which database holds the visits."""

LABEL = "analytics"


class AnalyticsRouter:
    """Sends the models of `analytics` to the warehouse, and says nothing about others."""

    def __init__(self, alias: str = "warehouse") -> None:
        self.alias = alias

    def db_for_read(self, model, **hints):
        return self.alias if model._meta.app_label == LABEL else None

    def db_for_write(self, model, **hints):
        return self.alias if model._meta.app_label == LABEL else None

    def allow_relation(self, left, right, **hints):
        """Two models of `analytics` may be joined; for a mixed pair others decide."""
        both = left._meta.app_label == LABEL and right._meta.app_label == LABEL
        return True if both else None

    def allow_migrate(self, db, app_label, **hints):
        """Only `analytics` goes into the warehouse, and nowhere else."""
        if app_label == LABEL:
            return db == self.alias
        return False if db == self.alias else None
