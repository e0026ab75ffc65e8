"""Routes of the storefront's API, relative to its version."""

from django.urls import path

from risk.api.appeals import AppealsView, AppealView

urlpatterns = [
    path("orders/<ref:ref>/appeals/", AppealsView.as_view(), name="order-appeals"),
    path("orders/<ref:ref>/appeals/<int:appeal>/", AppealView.as_view(), name="order-appeal"),
]
