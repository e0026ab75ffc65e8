"""Routes of the storefront's API, relative to its version."""

from django.urls import path

from promotions.api.campaigns import CampaignsView
from promotions.api.claims import ClaimsView
from promotions.api.coupons import CustomerCouponsView

urlpatterns = [
    path("campaigns/", CampaignsView.as_view(), name="campaigns"),
    path("claims/", ClaimsView.as_view(), name="claims"),
    path("customers/<ref:ref>/coupons/", CustomerCouponsView.as_view(), name="customer-coupons"),
]
