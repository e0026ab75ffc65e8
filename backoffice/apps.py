"""The project as an app: management commands, translations, templates."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        """Make our Celery application the one that `shared_task` uses, also in web processes."""
        import backoffice.celery  # noqa: F401
