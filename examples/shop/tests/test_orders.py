"""Orders: placed, paid, cancelled."""

import pytest
from django.db import IntegrityError, transaction

from shop.orders import services
from shop.orders.models import Order, OrderLine


def test_an_order_adds_its_lines_up(customer, teapot, cup):
    order = services.place(customer, {"TEA-1": 1, "CUP-1": 4})
    assert order.total_cents == 2450 + 4 * 600


def test_an_order_takes_from_stock(customer, cup):
    services.place(customer, {"CUP-1": 5})
    cup.refresh_from_db()
    assert cup.stock == 7


def test_an_order_keeps_the_price_of_the_day(customer, cup):
    order = services.place(customer, {"CUP-1": 1})
    cup.price_cents = 900
    cup.save()
    assert order.lines.get().price_cents == 600


def test_references_differ(customer, cup):
    first, second = (services.place(customer, {"CUP-1": 1}) for _ in range(2))
    assert first.reference != second.reference
    assert len(first.reference) == 8


def test_an_empty_order_is_refused(customer):
    with pytest.raises(services.OrderError, match="nothing is wanted"):
        services.place(customer, {})


def test_an_unknown_product_is_refused(customer):
    with pytest.raises(services.OrderError, match="no product PAN-1"):
        services.place(customer, {"PAN-1": 1})


def test_more_than_the_stock_is_refused(customer, teapot):
    with pytest.raises(services.OrderError, match="only 5 of TEA-1 left"):
        services.place(customer, {"TEA-1": 6})


def test_a_refused_order_leaves_nothing(customer, teapot, cup):
    with pytest.raises(services.OrderError):
        services.place(customer, {"CUP-1": 1, "TEA-1": 6})
    cup.refresh_from_db()
    assert (Order.objects.count(), cup.stock) == (0, 12)


def test_an_open_order_can_be_paid(customer, cup):
    order = services.pay(services.place(customer, {"CUP-1": 1}))
    assert Order.objects.get(pk=order.pk).state == "paid"


def test_an_order_is_paid_once(customer, cup):
    order = services.pay(services.place(customer, {"CUP-1": 1}))
    with pytest.raises(services.OrderError, match="is paid"):
        services.pay(order)


def test_a_cancelled_order_puts_its_products_back(customer, cup):
    services.cancel(services.place(customer, {"CUP-1": 5}))
    cup.refresh_from_db()
    assert cup.stock == 12


def test_a_paid_order_cannot_be_cancelled(customer, cup):
    order = services.pay(services.place(customer, {"CUP-1": 1}))
    with pytest.raises(services.OrderError, match="is paid"):
        services.cancel(order)


def test_the_total_follows_when_a_line_goes(customer, teapot, cup):
    order = services.place(customer, {"TEA-1": 1, "CUP-1": 1})
    order.lines.get(product=teapot).delete()
    order.refresh_from_db()
    assert order.total_cents == 600


def test_the_total_follows_when_a_line_changes(customer, cup):
    order = services.place(customer, {"CUP-1": 1})
    line = order.lines.get()
    line.quantity = 3
    line.save()
    order.refresh_from_db()
    assert order.total_cents == 1800


def test_a_line_has_at_least_one(customer, cup):
    order = services.place(customer, {"CUP-1": 1})
    with pytest.raises(IntegrityError, match="at_least_one"), transaction.atomic():
        OrderLine.objects.create(order=order, product=cup, quantity=0, price_cents=600)


def test_lines_go_with_their_order(customer, cup):
    services.place(customer, {"CUP-1": 1}).delete()
    assert OrderLine.objects.count() == 0
