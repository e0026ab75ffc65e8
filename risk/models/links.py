"""Which accounts hang together, as the last run of links found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from risk.states import LinkKind


class LinkedAccount(models.Model):
    """A customer who hangs together with others: `component` is the smallest id among them. Rebuilt every night."""

    customer = models.OneToOneField(
        "promotions.Customer", models.CASCADE, primary_key=True, related_name="+", verbose_name=_("customer")
    )
    component = models.BigIntegerField(_("component"), db_index=True)

    class Meta:
        verbose_name = _("linked account")
        verbose_name_plural = _("linked accounts")

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.component}"


class LinkHub(models.Model):
    """A value that more accounts share than joins anybody: shown, never walked. `accounts` as of `seen_at`, often a lower bound.

    `value` is what claims and orders hold of it: of a recipient the keyed hash, of a token its id.
    """

    kind = models.CharField(_("kind"), max_length=9, choices=LinkKind)
    value = models.CharField(_("value"), max_length=200)
    accounts = models.PositiveIntegerField(_("accounts"))
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("hub")
        verbose_name_plural = _("hubs")
        ordering = ["-accounts", "id"]
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="link_hub_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class LinkRun(models.Model):
    """A run that looked for links: of all accounts, or of what came since the run before. `until` is the time it looked up to."""

    is_full = models.BooleanField(_("full run"))
    until = models.DateTimeField(_("up to"), db_index=True)
    accounts = models.PositiveIntegerField(_("accounts linked"))
    components = models.PositiveIntegerField(_("components"))
    largest = models.PositiveIntegerField(_("accounts in the largest"))
    too_large = models.PositiveIntegerField(_("components that are too large to act on"))
    seconds = models.FloatField(_("seconds it took"))

    class Meta:
        verbose_name = _("run of links")
        verbose_name_plural = _("runs of links")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.until:%Y-%m-%d %H:%M}"
