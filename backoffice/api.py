"""The root of the storefront's API: its versions, its schema and its documentation."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import orders.urls
import promotions.urls
import risk.urls
from backoffice.lib.views import NoSuchRoute

READ = ["get", "head"]

v1_urlpatterns = [*promotions.urls.urlpatterns, *orders.urls.urlpatterns, *risk.urls.urlpatterns]

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((v1_urlpatterns, "v1"))),
    path("schema/", SpectacularAPIView.as_view(http_method_names=READ), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema", http_method_names=READ), name="api-docs"),
    re_path(r"", NoSuchRoute.as_view(), name="api-no-such-route"),
]
