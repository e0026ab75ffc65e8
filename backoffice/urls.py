"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from backoffice.api import api_urlpatterns
from backoffice.health import health_urlpatterns

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", include(api_urlpatterns)),
    path("i18n/", include("django.conf.urls.i18n")),
    *health_urlpatterns,
]

# Below /api/ these answer with problems, elsewhere with Django's own pages.
handler400 = "backoffice.lib.problems.bad_request"
handler403 = "backoffice.lib.problems.permission_denied"
handler404 = "backoffice.lib.problems.page_not_found"
handler500 = "backoffice.lib.problems.server_error"
