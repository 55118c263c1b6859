"""What can be done with an order."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.crypto import get_random_string

from shop.orders.models import Customer, Order, OrderLine, Product


class OrderError(Exception):
    """The order cannot be had as it is wanted."""


@transaction.atomic
def place(customer: Customer, wanted: Mapping[str, int]) -> Order:
    """An order for so many of each SKU; stock goes down."""
    if not wanted:
        raise OrderError("nothing is wanted")
    order = Order.objects.create(customer=customer, reference=get_random_string(8, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"))
    for sku, quantity in wanted.items():
        product = Product.objects.select_for_update().filter(sku=sku).first()
        if product is None:
            raise OrderError(f"there is no product {sku}")
        if product.stock < quantity:
            raise OrderError(f"only {product.stock} of {sku} left")
        product.stock -= quantity
        product.save(update_fields=["stock"])
        OrderLine.objects.create(order=order, product=product, quantity=quantity, price_cents=product.price_cents)
    order.refresh_from_db()
    return order


def pay(order: Order) -> Order:
    """Marks an open order as paid."""
    if order.state != Order.State.OPEN:
        raise OrderError(f"{order.reference} is {order.state}")
    order.state = Order.State.PAID
    order.save(update_fields=["state"])
    return order


@transaction.atomic
def cancel(order: Order) -> Order:
    """Cancels an open order and puts its products back."""
    if order.state != Order.State.OPEN:
        raise OrderError(f"{order.reference} is {order.state}")
    for line in order.lines.select_related("product"):
        line.product.stock += line.quantity
        line.product.save(update_fields=["stock"])
    order.state = Order.State.CANCELLED
    order.save(update_fields=["state"])
    return order
