from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class LibConfig(AppConfig):
    name = "backoffice.lib"
    label = "lib"
    verbose_name = _("System")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backoffice.lib import tasks  # noqa: F401  registers the scheduled checks, connects the signals
        from backoffice.lib.guarding import take_switch_out

        post_migrate.connect(take_switch_out, sender=self)
