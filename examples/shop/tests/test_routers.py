"""Which database a model belongs to. No database is needed to ask."""

import pytest
from django.db import models
from django.test.utils import isolate_apps

from shop.analytics.models import Visit
from shop.analytics.routers import AnalyticsRouter
from shop.orders.models import Order


@pytest.mark.parametrize(("label", "alias"), [("analytics", "warehouse"), ("elsewhere", None)])
def test_reads_of_a_model_go_where_its_app_belongs(label, alias):
    class ReadModel(models.Model):
        class Meta:
            app_label = label

    assert AnalyticsRouter().db_for_read(ReadModel) == alias


@pytest.mark.parametrize(("label", "alias"), [("analytics", "warehouse"), ("elsewhere", None)])
def test_writes_of_a_model_go_where_its_app_belongs(label, alias):
    class WrittenModel(models.Model):
        class Meta:
            app_label = label

    assert AnalyticsRouter().db_for_write(WrittenModel) == alias


@pytest.mark.parametrize(
    ("left", "right", "allowed"),
    [("analytics", "analytics", True), ("analytics", "elsewhere", None), ("elsewhere", "anywhere", None)],
)
def test_models_are_joined_within_analytics(left, right, allowed):
    class LeftModel(models.Model):
        class Meta:
            app_label = left

    class RightModel(models.Model):
        class Meta:
            app_label = right

    assert AnalyticsRouter().allow_relation(LeftModel, RightModel) is allowed


@pytest.mark.parametrize(
    ("alias", "label", "allowed"),
    [("warehouse", "analytics", True), ("default", "analytics", False), ("warehouse", "orders", False), ("default", "orders", None)],
)
def test_tables_are_made_where_they_belong(alias, label, allowed):
    assert AnalyticsRouter().allow_migrate(alias, label) is allowed


@pytest.mark.parametrize("alias", ["warehouse", "archive"])
def test_the_warehouse_may_have_another_name(alias):
    with isolate_apps("shop.analytics"):

        class StoredModel(models.Model):
            class Meta:
                app_label = "analytics"

    router = AnalyticsRouter(alias)
    assert (router.db_for_read(StoredModel), router.db_for_write(StoredModel)) == (alias, alias)


def test_the_models_of_the_shop_are_told_apart():
    router = AnalyticsRouter()
    assert (router.db_for_read(Visit), router.db_for_read(Order)) == ("warehouse", None)
