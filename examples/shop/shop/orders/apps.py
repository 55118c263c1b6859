"""The app `orders`."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Products, customers and orders."""

    name = "shop.orders"
    label = "orders"

    def ready(self) -> None:
        """Signals are connected when the models are there."""
        from shop.orders import signals  # noqa: F401
