"""Value lists of staff, made and filled through the services."""

from datetime import datetime
from typing import Any

from risk.models import ValueList, ValueListItem
from risk.services.value_lists import make_list, put_on_value_list
from tests.promotions.factories import NOON, number, the_asker


def a_list(*values: str, holds: str = "device", name: str = "", at: datetime = NOON) -> ValueList:
    terms: dict[str, Any] = {"by": the_asker(), "at": at}
    made = make_list(name=name or f"list-{number()}", purpose="what a test looks for", holds=holds, **terms)
    for value in values:
        on(made, value, at=at)
    return made


def on(value_list: ValueList, value: str, *, at: datetime = NOON, **fields: Any) -> ValueListItem:
    return put_on_value_list(value_list, value=value, **{"reason": "seen", "by": the_asker(), "at": at, **fields})


def is_on(value_list: ValueList, fact: str = "order.device") -> dict[str, Any]:
    return {"fact": fact, "is": "on_list", "list": value_list.name}
