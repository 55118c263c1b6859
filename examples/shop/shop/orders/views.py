"""Products and orders over HTTP."""

import json

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from shop.orders import services
from shop.orders.models import Customer, Order, Product


@require_GET
def products(request: HttpRequest) -> JsonResponse:
    """What can be bought now."""
    rows = Product.objects.filter(stock__gt=0).order_by("name")
    return JsonResponse({"products": [{"sku": row.sku, "name": row.name, "price_cents": row.price_cents} for row in rows]})


@require_GET
def product(request: HttpRequest, slug: str) -> JsonResponse:
    """One product."""
    row = get_object_or_404(Product, slug=slug)
    return JsonResponse({"sku": row.sku, "name": row.name, "stock": row.stock})


@require_POST
def place(request: HttpRequest) -> JsonResponse:
    """Places an order: `{"email": …, "name": …, "wanted": {sku: quantity}}`."""
    try:
        body = json.loads(request.body)
    except json.JSONDecodeError:
        return JsonResponse({"error": "the body is not JSON"}, status=400)
    customer, _ = Customer.objects.get_or_create(email=body["email"], defaults={"name": body.get("name", "")})
    try:
        row = services.place(customer, body.get("wanted", {}))
    except services.OrderError as error:
        return JsonResponse({"error": str(error)}, status=409)
    return JsonResponse({"reference": row.reference, "total_cents": row.total_cents}, status=201)


@require_GET
def order(request: HttpRequest, reference: str) -> JsonResponse:
    """One order."""
    row = get_object_or_404(Order, reference=reference)
    return JsonResponse({"reference": row.reference, "state": row.state, "total_cents": row.total_cents})


@require_POST
def pay(request: HttpRequest, reference: str) -> JsonResponse:
    """Pays an order."""
    try:
        row = services.pay(get_object_or_404(Order, reference=reference))
    except services.OrderError as error:
        return JsonResponse({"error": str(error)}, status=409)
    return JsonResponse({"reference": row.reference, "state": row.state})
