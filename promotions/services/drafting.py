"""Drafts: changed freely while they are drafts, limits included, and dropped where they are not wanted."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from promotions.models import Campaign, CouponType, Entry
from promotions.services.campaigns import in_words
from promotions.services.slices import cut_budget, cut_coupon_type, cut_entry

BUDGET = "budget"


@transaction.atomic
def change_draft(obj: Any, values: dict[str, Any]) -> Any:
    """Write these values into a draft; of a campaign also `budget`, its amount. Limits are cut into slices anew.

    Raises StaleState where it is no longer a draft, InvalidInput for what is not valid.
    """
    draft = type(obj)._default_manager.select_for_update(no_key=True).filter(pk=obj.pk, status="draft").first()
    if draft is None:
        raise StaleState(_("%s is no longer a draft and was not changed.") % obj)
    columns = {name: value for name, value in values.items() if name != BUDGET}
    for name, value in columns.items():
        setattr(draft, name, value)
    try:
        draft.full_clean()
        if columns:
            type(draft)._default_manager.filter(pk=draft.pk).update(**columns)
        _cut_anew(draft, values)
    except ValidationError as error:
        raise InvalidInput(in_words(error)) from error
    except IntegrityError as error:
        raise InvalidInput(_("These values do not go together, or somebody else has just taken this code. Look again.")) from error
    return draft


def _cut_anew(draft: Any, values: dict[str, Any]) -> None:
    if isinstance(draft, Campaign) and BUDGET in values:
        budget = draft.budget
        budget.amount = values[BUDGET]
        budget.full_clean()
        type(budget).objects.filter(pk=budget.pk).update(amount=budget.amount)
        cut_budget(budget)
    elif isinstance(draft, CouponType) and {"quantity", "budget_amount"} & set(values):
        cut_coupon_type(draft)
    elif isinstance(draft, Entry) and "cap" in values:
        cut_entry(draft)


@transaction.atomic
def drop_draft(obj: Any, *, by: Any, reason: str, at: datetime) -> None:
    """Delete a draft with its budget, rules and slices; its history stays. Raises DomainError where something still hangs on it."""
    if not reason.strip():
        raise DomainError(_("Give a reason: it is all that stays of it."))
    with because(reason, user=by.pk):
        draft = type(obj)._default_manager.select_for_update().filter(pk=obj.pk, status="draft").first()
        if draft is None:
            raise StaleState(_("%s is no longer a draft and was not dropped.") % obj)
        try:
            draft.delete()
        except ProtectedError as error:
            raise DomainError(_("Drop first what belongs to it: its coupon types, entries and tokens.")) from error
