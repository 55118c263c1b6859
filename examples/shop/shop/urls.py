"""The shop's addresses."""

from django.urls import path

from shop.analytics import views as analytics
from shop.orders import views as orders

urlpatterns = [
    path("products/", orders.products),
    path("products/<slug:slug>/", orders.product),
    path("orders/", orders.place),
    path("orders/<str:reference>/", orders.order),
    path("orders/<str:reference>/pay/", orders.pay),
    path("visits/", analytics.track),
    path("visits/top/", analytics.top),
]
