"""Products, customers, orders and their lines. Money is in cents."""

from django.db import models
from django.utils.text import slugify


class Product(models.Model):
    """Something to buy."""

    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120, unique=True)
    price_cents = models.PositiveIntegerField()
    stock = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.slug = self.slug or slugify(f"{self.name} {self.sku}")
        super().save(*args, **kwargs)


class Customer(models.Model):
    """Somebody who buys."""

    name = models.CharField(max_length=100)
    email = models.EmailField(unique=True)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What a customer wants."""

    class State(models.TextChoices):
        """How far an order is."""

        OPEN = "open"
        PAID = "paid"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    reference = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    total_cents = models.PositiveIntegerField(default=0)
    placed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.reference


class OrderLine(models.Model):
    """So many of one product, at the price of the day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    quantity = models.PositiveIntegerField()
    price_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(quantity__gt=0), name="at_least_one")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"

    @property
    def cents(self) -> int:
        """What the line costs."""
        return self.quantity * self.price_cents
