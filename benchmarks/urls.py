"""The product's routes and the no-op."""

from django.urls import path

from backoffice.urls import *  # noqa: F403
from backoffice.urls import urlpatterns as product
from benchmarks.noop import NoopView

urlpatterns = [path("noop/", NoopView.as_view()), *product]
