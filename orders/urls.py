"""Routes of the storefront's API, relative to its version."""

from django.urls import path

from orders.api.orders import DeliveryView, OrdersView, OrderView, QuotesView
from orders.api.told import CancellationView, CompletionView, PaymentView, RefundsView

urlpatterns = [
    path("quotes/", QuotesView.as_view(), name="quotes"),
    path("orders/", OrdersView.as_view(), name="orders"),
    path("orders/<ref:ref>/", OrderView.as_view(), name="order"),
    path("orders/<ref:ref>/payment/", PaymentView.as_view(), name="order-payment"),
    path("orders/<ref:ref>/delivery/", DeliveryView.as_view(), name="order-delivery"),
    path("orders/<ref:ref>/completion/", CompletionView.as_view(), name="order-completion"),
    path("orders/<ref:ref>/cancellation/", CancellationView.as_view(), name="order-cancellation"),
    path("orders/<ref:ref>/refunds/", RefundsView.as_view(), name="order-refunds"),
]
