"""An order's total follows its lines."""

from django.db.models import F, Sum
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from shop.orders.models import Order, OrderLine


@receiver([post_save, post_delete], sender=OrderLine)
def keep_total(sender, instance: OrderLine, **kwargs) -> None:
    """Adds the lines up again."""
    lines = OrderLine.objects.filter(order_id=instance.order_id)
    total = lines.aggregate(total=Sum(F("quantity") * F("price_cents")))["total"] or 0
    Order.objects.filter(pk=instance.order_id).update(total_cents=total)
