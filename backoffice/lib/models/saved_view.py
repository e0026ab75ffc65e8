from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A list as one person wants to find it again: the filters, search and order of its address. Nobody else sees it."""

    user = models.ForeignKey("auth.User", models.CASCADE, related_name="+", verbose_name=_("user"))
    model = models.CharField(_("list"), max_length=100, help_text=_("As app.model."))
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filters"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "model", "name"], name="saved_view_name_once_per_list"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
