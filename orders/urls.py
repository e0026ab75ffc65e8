"""Routes of the storefront's API, relative to its version."""

from django.urls import path

from orders.api import CancellationView, DeliveryView, OrdersView, OrderView, QuotesView

urlpatterns = [
    path("quotes/", QuotesView.as_view(), name="quotes"),
    path("orders/", OrdersView.as_view(), name="orders"),
    path("orders/<ref:ref>/", OrderView.as_view(), name="order"),
    path("orders/<ref:ref>/delivery/", DeliveryView.as_view(), name="order-delivery"),
    path("orders/<ref:ref>/cancellation/", CancellationView.as_view(), name="order-cancellation"),
]
