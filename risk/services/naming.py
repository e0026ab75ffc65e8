"""Whom a row of a list, of the allow list or a snooze names."""

from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from orders.recipients import masked_recipient
from promotions.models import Customer
from promotions.services.nobody import known_device, known_recipient
from risk.states import AllowedBy


def named_person(kind: str, value: str) -> dict[str, Any]:
    """The columns that name somebody, of what staff typed. Raises InvalidInput for what names nobody."""
    if kind == AllowedBy.CUSTOMER:
        customer = Customer.objects.filter(ref=value).first()
        if customer is None:
            raise InvalidInput(_("There is no customer “%s”.") % value)
        return {"customer": customer, "value": "", "shown": customer.ref}
    if kind == AllowedBy.DEVICE:
        compared, shown = known_device(value), known_device(value)
    elif kind == AllowedBy.RECIPIENT:
        compared, last_four = known_recipient(value)
        shown = masked_recipient(compared, last_four)
    else:
        raise InvalidInput(_("Somebody is named as a customer, a device or a recipient."))
    if not compared:
        raise InvalidInput(_("This names nobody: nobody could be told from others by it."))
    return {"customer": None, "value": compared, "shown": shown}
