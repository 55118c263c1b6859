"""What needs real transactions."""

import pytest
from django.db import connection, transaction

from shop.orders import services
from shop.orders.models import Order


@pytest.mark.django_db(transaction=True)
def test_an_order_is_announced_once_it_is_committed(customer, cup):
    announced = []
    with transaction.atomic():
        order = services.place(customer, {"CUP-1": 1})
        transaction.on_commit(lambda: announced.append(order.reference))
        assert announced == []
    assert announced == [order.reference]


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_rolled_back_is_gone(customer, cup):
    with pytest.raises(RuntimeError), transaction.atomic():
        services.place(customer, {"CUP-1": 1})
        raise RuntimeError
    assert not connection.in_atomic_block
    assert Order.objects.count() == 0
