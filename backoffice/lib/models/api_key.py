from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked

SHA256_HEX = "^[0-9a-f]{64}$"


class Scope(models.TextChoices):
    """What a key may do. A key without a scope may do nothing."""

    CAMPAIGNS_READ = "campaigns:read", _("read campaigns")
    CLAIMS_WRITE = "claims:write", _("claim coupons")
    GRANTS_READ = "grants:read", _("read grants and their results")
    GRANTS_WRITE = "grants:write", _("ask for grants")
    CUSTOMERS_READ = "customers:read", _("read a customer's coupons")
    QUOTES_WRITE = "quotes:write", _("ask for quotes")
    ORDERS_READ = "orders:read", _("read orders")
    ORDERS_WRITE = "orders:write", _("place, deliver and cancel orders")


@tracked(exclude=["last_used_at"])
class ApiKey(models.Model):
    """A program's right to call the API. The key itself is shown once and kept only as a SHA-256 hash."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True, help_text=_("The part that may be shown."))
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40, choices=Scope.choices), verbose_name=_("scopes"), default=list)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, verbose_name=_("created by"))
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [models.CheckConstraint(condition=Q(secret_hash__regex=SHA256_HEX), name="api_key_is_hashed")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
