"""What most tests of the shop need: a customer and two products."""

import pytest

from shop.orders.models import Customer, Product


@pytest.fixture
def customer(db):
    return Customer.objects.create(name="Ada", email="ada@example.org")


@pytest.fixture
def teapot(db):
    return Product.objects.create(sku="TEA-1", name="Teapot", price_cents=2450, stock=5)


@pytest.fixture
def cup(db):
    return Product.objects.create(sku="CUP-1", name="Cup", price_cents=600, stock=12)
