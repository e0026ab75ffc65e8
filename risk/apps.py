from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    name = "risk"
    verbose_name = _("Risk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from risk import receivers, scopes, tasks  # noqa: F401  connects the signals, registers scheduled checks and fields of scopes
        from risk.services import backtests, rules  # noqa: F401  register a runner of jobs and what is approved
