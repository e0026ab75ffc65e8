from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from orders import receivers, tasks  # noqa: F401  connects the signals, registers the scheduled checks, jobs and approvable actions
        from orders.scopes import known  # noqa: F401  registers what scopes can be about
