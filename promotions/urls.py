"""Routes of the storefront's API, relative to its version."""

from django.urls import path

from promotions.api.campaigns import CampaignsView
from promotions.api.claims import ClaimsView
from promotions.api.coupons import CustomerCouponsView
from promotions.api.grants import GrantResultsView, GrantsView, GrantView

urlpatterns = [
    path("campaigns/", CampaignsView.as_view(), name="campaigns"),
    path("claims/", ClaimsView.as_view(), name="claims"),
    path("customers/<ref:ref>/coupons/", CustomerCouponsView.as_view(), name="customer-coupons"),
    path("grants/", GrantsView.as_view(), name="grants"),
    path("grants/<int:grant>/", GrantView.as_view(), name="grant"),
    path("grants/<int:grant>/results/", GrantResultsView.as_view(), name="grant-results"),
]
