import re

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.lib.audit import tracked

SALT_HEX = "^[0-9a-f]{32}$"


def check_webhook_url(url: str) -> None:
    """http or https, with a host and without a user. Whether the host may be called is asked each time it is called."""
    if not re.fullmatch(r"https?://[^\s/?#@\\]+(/[^\s#\\]*)?(\?[^\s#\\]*)?", url):
        raise ValidationError(_("An address such as https://example.com/hook, without a user name or a password."))


@tracked(exclude=["failing_since", "last_delivered_at"])
class WebhookEndpoint(models.Model):
    """Who is told of what happens, by a signed POST. The secret is made from `salt` and a key of the environment; it is not stored.

    After a new secret both it and the one before sign until `previous_until`, so that the receiver can change over.
    """

    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=500, validators=[check_webhook_url])
    wants = ArrayField(models.CharField(max_length=60), verbose_name=_("events"), default=list)
    is_active = models.BooleanField(_("active"), default=True)
    salt = models.CharField(max_length=32, editable=False)
    previous_salt = models.CharField(max_length=32, blank=True, editable=False)
    previous_until = models.DateTimeField(_("old secret valid until"), null=True, editable=False)
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("created by"))
    created_at = models.DateTimeField(_("created at"))
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    last_delivered_at = models.DateTimeField(_("last delivered at"), null=True, editable=False)
    switched_off_at = models.DateTimeField(_("switched off by itself at"), null=True, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        permissions = [("test_webhookendpoint", _("Can send a test message, and messages again"))]
        constraints = [
            models.CheckConstraint(condition=Q(salt__regex=SALT_HEX), name="webhook_has_a_salt"),
            models.CheckConstraint(condition=Q(url__regex="^https?://[^@]+$"), name="webhook_address_is_http"),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(switched_off_at=None), name="webhook_switched_off_is_not_active"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OutboxMessage(models.Model):
    """Something that happened and is to be told: written in the transaction in which it happened. Never changed afterwards.

    `key` is what receivers know it by: however often it is sent, it is the same. The payload holds no personal data.
    """

    key = models.CharField(_("message id"), max_length=60, unique=True)
    event = models.CharField(_("event"), max_length=60)
    payload = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [models.Index(fields=["created_at"], name="outbox_by_time")]

    def __str__(self) -> str:
        return f"{self.event} · {self.key}"


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", pgettext_lazy("a message", "delivered")
    GIVEN_UP = "given_up", _("given up")


class Delivery(models.Model):
    """One message to one receiver: a webhook or an e-mail address. A worker holds a lease while it sends.

    Sent at least once: a worker that dies after sending and before writing it down leaves it to be sent again, with the same key.
    """

    message = models.ForeignKey("lib.OutboxMessage", models.CASCADE, related_name="deliveries", verbose_name=_("message"))
    endpoint = models.ForeignKey(
        "lib.WebhookEndpoint", models.PROTECT, related_name="deliveries", null=True, blank=True, verbose_name=_("webhook")
    )
    address = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    lease_token = models.UUIDField(null=True, editable=False)
    response_status = models.PositiveSmallIntegerField(_("answer"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    last_tried_at = models.DateTimeField(_("last tried at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False, address="") | (Q(endpoint=None) & ~Q(address="")),
                name="delivery_to_a_webhook_or_an_address",
            ),
            models.UniqueConstraint(
                fields=["message", "endpoint"], condition=Q(endpoint__isnull=False), name="delivery_once_per_webhook"
            ),
            models.UniqueConstraint(fields=["message", "address"], condition=~Q(address=""), name="delivery_once_per_address"),
            models.CheckConstraint(
                condition=Q(status="waiting", next_try_at__isnull=False) | (~Q(status="waiting") & Q(next_try_at=None)),
                name="delivery_is_tried_while_it_waits",
            ),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False) | (~Q(status="delivered") & Q(delivered_at=None)),
                name="delivery_says_when",
            ),
        ]
        indexes = [models.Index(fields=["next_try_at"], name="delivery_due", condition=Q(status="waiting"))]

    def __str__(self) -> str:
        return f"{self.message.event} → {self.receiver}"

    @property
    def receiver(self) -> str:
        return str(self.endpoint) if self.endpoint_id else self.address
