from django.contrib import admin
from django.urls import path

from backoffice.health import health_urlpatterns

urlpatterns = [path("admin/", admin.site.urls), *health_urlpatterns]
