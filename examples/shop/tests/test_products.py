"""Products and customers."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from shop.orders import services
from shop.orders.models import Customer, Product


def test_a_product_gets_a_slug_of_its_name_and_sku(teapot):
    assert teapot.slug == "teapot-tea-1"


def test_a_slug_that_was_given_stays(db):
    product = Product.objects.create(sku="X-1", name="Spoon", slug="silver-spoon", price_cents=100)
    assert product.slug == "silver-spoon"


def test_a_sku_is_there_once(teapot):
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.create(sku="TEA-1", name="Other teapot", price_cents=1)


def test_an_email_address_is_there_once(customer):
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(name="Another Ada", email="ada@example.org")


def test_a_price_is_never_negative(db):
    with pytest.raises(ValidationError) as caught:
        Product(sku="X-2", name="Gift", slug="gift", price_cents=-1).full_clean()
    assert list(caught.value.message_dict) == ["price_cents"]


def test_a_product_that_was_ordered_cannot_be_deleted(customer, cup):
    services.place(customer, {"CUP-1": 1})
    with pytest.raises(ProtectedError):
        cup.delete()


@pytest.mark.parametrize(("name", "slug"), [("Big Cup", "big-cup-s-1"), ("Crème", "creme-s-1"), ("  Jug  ", "jug-s-1")])
def test_slugs_are_plain(db, name, slug):
    assert Product.objects.create(sku="S-1", name=name, price_cents=1).slug == slug
