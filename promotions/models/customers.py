from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """What we mirror of a customer of the storefront, who owns the rest. The phone number itself is never here."""

    ref = models.CharField(_("customer"), max_length=64, unique=True, help_text=_("The storefront's reference."))
    phone_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    phone_segment = models.CharField(_("phone segment"), max_length=4, blank=True)
    phone_last_four = models.CharField(_("phone's last four"), max_length=4, blank=True, db_index=True)
    is_verified = models.BooleanField(_("verified"), default=False)
    identity_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    is_phone_verified = models.BooleanField(_("phone verified"), default=False)
    has_ordered = models.BooleanField(_("has ordered"), default=False, help_text=_("Here, or as the storefront said."))
    welcomed_at = models.DateTimeField(
        _("welcomed at"), null=True, editable=False, help_text=_("Took the one coupon that is for new customers only.")
    )
    registered_at = models.DateTimeField(_("registered at"), null=True)
    first_seen_at = models.DateTimeField(_("first seen at"))

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [models.Index(fields=["identity_hash"], name="customer_by_identity", condition=~Q(identity_hash=""))]

    def __str__(self) -> str:
        return self.ref

    @property
    def masked_phone(self) -> str:
        """The phone number as staff see it, first three and last four digits."""
        return f"{self.phone_segment[:3]}••••{self.phone_last_four}" if self.phone_last_four else ""
