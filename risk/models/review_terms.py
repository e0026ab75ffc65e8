"""By when an order is looked at: due times that staff set."""

from datetime import timedelta
from typing import Any

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated, tracked

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
ONLY = 1
TERMS = (
    "top_up_organised",
    "top_up_others",
    "goods_organised",
    "goods_others",
    "nothing_organised",
    "nothing_others",
    "appeal",
)


def term_field(label: Any) -> Any:
    return models.DurationField(label, validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)])


def within_a_month() -> Q:
    bounds = Q()
    for name in TERMS:
        bounds &= Q(**{f"{name}__gte": SHORTEST, f"{name}__lte": LONGEST})
    return bounds


@tracked()
class ReviewTerms(models.Model):
    """How long after its flag an order is to be decided, by what can still be saved and by how it looks. One row.

    The triggers of the queue read it. An appeal's term runs from its filing, and was promised with it: it never moves afterwards.
    """

    id = models.SmallIntegerField(primary_key=True, default=ONLY, editable=False)
    top_up_organised = term_field(_("undelivered top-up, organised"))
    top_up_others = term_field(_("undelivered top-up, all others"))
    goods_organised = term_field(_("undelivered goods, organised"))
    goods_others = term_field(_("undelivered goods, all others"))
    nothing_organised = term_field(_("nothing left to save, organised"))
    nothing_others = term_field(_("nothing left to save, all others"))
    appeal = term_field(_("appeal"))

    class Meta:
        verbose_name = _("due times of reviews")
        verbose_name_plural = _("due times of reviews")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(id=ONLY), name="review_terms_are_one_row"),
            models.CheckConstraint(condition=within_a_month(), name="review_terms_are_within_a_month"),
            models.CheckConstraint(
                condition=Q(
                    top_up_organised__lte=F("top_up_others"),
                    goods_organised__lte=F("goods_others"),
                    nothing_organised__lte=F("nothing_others"),
                ),
                name="review_terms_organised_never_later",
            ),
            models.CheckConstraint(
                condition=Q(
                    top_up_organised__lte=F("goods_organised"),
                    goods_organised__lte=F("nothing_organised"),
                    top_up_others__lte=F("goods_others"),
                    goods_others__lte=F("nothing_others"),
                ),
                name="review_terms_more_to_save_never_later",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="review_terms_are_never_deleted", operation=pgtrigger.Delete),
            never_truncated("review_terms_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return str(_("Due times of reviews"))
