"""What a person would type into the admin's forms."""

from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

STAFF_ZONE = ZoneInfo("Asia/Shanghai")


def step(client: Client, model: str, name: str, pk: int, **fields: Any) -> HttpResponse:
    """Press a button of an object's page and send its form."""
    return client.post(reverse(f"admin:{model}_{name}", args=[pk]), fields)


def page(client: Client, model: str, pk: int) -> str:
    response = client.get(reverse(f"admin:{model}_change", args=[pk]))
    assert response.status_code == 200
    return text_of(response)


def act(
    client: Client, model: str, action: str, rows: Any, *, query: str = "", everything: bool = False, **fields: Any
) -> HttpResponse:
    """Choose rows of a list and run an action on them; `everything` also takes what is on other pages."""
    data = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows], "select_across": "1" if everything else "0", **fields}
    return client.post(f"{reverse(f'admin:{model}_changelist')}{query}", data)


def moment(name: str, at: datetime) -> dict[str, str]:
    """A date and time as the split widget sends them, in the reader's zone."""
    local = at.astimezone(STAFF_ZONE)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def text_of(response: Any) -> str:
    """What a reader sees of a page, with single blanks."""
    parser = _Texts()
    parser.feed(response.content.decode())
    return " ".join(" ".join(parser.texts).split())


def hidden(response: Any, name: str) -> str:
    """The value of a hidden input."""
    return str(response.context["form"][name].value())
