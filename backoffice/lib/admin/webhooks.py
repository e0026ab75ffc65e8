"""Webhooks, and the log of what was sent to them and by e-mail."""

import json
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin, ReasonedForm
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, link, state_badge, time_html
from backoffice.lib.models import Delivery, WebhookEndpoint
from backoffice.lib.outbox import event_choices, send_again, send_test
from backoffice.lib.webhooks import OVERLAP, make_webhook, renew_secret, switch_off, switch_on

SHOWN = 20


class WebhookForm(ReasonedForm):
    wants = forms.MultipleChoiceField(
        label=gettext_lazy("Is told of"), choices=event_choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


def test_it(endpoint: WebhookEndpoint, *, by: Any, reason: str, at: datetime) -> Delivery:
    return send_test(endpoint, at=at)


def off(endpoint: WebhookEndpoint, *, by: Any, reason: str, at: datetime) -> WebhookEndpoint:
    return switch_off(endpoint, at=at)


def on(endpoint: WebhookEndpoint, *, by: Any, reason: str, at: datetime) -> WebhookEndpoint:
    return switch_on(endpoint, at=at)


def renew(endpoint: WebhookEndpoint, *, by: Any, reason: str, at: datetime) -> str:
    return renew_secret(endpoint, at=at)


def show_secret(model_admin: Any, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    """The only time the secret is shown: in the answer itself, so that it stands in no message, log or history."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("The new secret"),
        "opts": model_admin.opts,
        "object": endpoint,
        "secret": secret,
    }
    return TemplateResponse(request, "admin/holdfast/webhook_secret.html", context, headers={"Cache-Control": "no-store"})


STEPS = (
    Step(
        name="send_test",
        label=gettext_lazy("Send a test message"),
        icon="send",
        permission="lib.test_webhookendpoint",
        run=test_it,
        tells=lambda endpoint: _("A message that says nothing is sent to %s. What came of it stands below.") % endpoint.url,
        done=gettext_lazy("Sent. Look at the deliveries."),
    ),
    Step(
        name="new_secret",
        label=gettext_lazy("New secret"),
        icon="key",
        permission="lib.change_webhookendpoint",
        run=renew,
        shows_once=show_secret,
        tells=lambda endpoint: (
            _("%(webhook)s gets a new secret, shown once on the next page. For %(hours)s hours the old one signs as well.")
            % {"webhook": endpoint, "hours": OVERLAP // timedelta(hours=1)}
        ),
        done="",
    ),
    Step(
        name="switch_off",
        label=gettext_lazy("Switch off"),
        icon="block",
        is_stop=True,
        permission="lib.change_webhookendpoint",
        run=off,
        is_shown=lambda endpoint: endpoint.is_active,
        tells=lambda endpoint: _("Nothing new is sent to %s. What waits is still tried.") % endpoint,
        done=gettext_lazy("Switched off."),
    ),
    Step(
        name="switch_on",
        label=gettext_lazy("Switch on"),
        icon="play_arrow",
        permission="lib.change_webhookendpoint",
        run=on,
        is_shown=lambda endpoint: not endpoint.is_active,
        tells=lambda endpoint: _("What happens from now on is sent to %s.") % endpoint,
        done=gettext_lazy("Switched on."),
    ),
)


def endpoint_state(endpoint: WebhookEndpoint) -> Any:
    if not endpoint.is_active:
        return badge(_("off"), "danger" if endpoint.switched_off_at else "default")
    return badge(_("failing"), "warning") if endpoint.failing_since else badge(_("active"), "success")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(EditableAdmin):
    form = WebhookForm
    steps = STEPS
    fields = ("name", "url", "wants")
    list_display = (
        "name",
        "url",
        text_column(endpoint_state, "state", gettext_lazy("state")),
        "wants",
        time_column("last_delivered_at", gettext_lazy("last delivered at")),
        time_column("failing_since", gettext_lazy("failing since")),
    )
    search_fields = ("name", "url")

    def headline(self, request: HttpRequest, obj: WebhookEndpoint) -> Headline:
        facts = [
            Fact(_("Address"), obj.url),
            Fact(_("Is told of"), ", ".join(obj.wants)),
            Fact(_("Last delivered"), time_html(obj.last_delivered_at)),
            Fact(_("Failing since"), time_html(obj.failing_since)),
            Fact(_("Created by"), obj.created_by, time_html(obj.created_at)),
            *([Fact(_("The old secret signs until"), time_html(obj.previous_until))] if obj.previous_until else []),
        ]
        warnings = [_("It kept failing and was switched off. Switch it on when it works again.")] if obj.switched_off_at else []
        return Headline(obj.name, endpoint_state(obj), facts=facts, warnings=warnings)

    def panels(self, request: HttpRequest, obj: WebhookEndpoint) -> list[Panel]:
        rows = [delivery_row(delivery) for delivery in obj.deliveries.select_related("message")[:SHOWN]]
        columns = [_("message"), _("state"), _("attempts"), _("answer"), _("error"), _("last tried at")]
        return [Panel(_("Deliveries"), columns, rows, _("Nothing was sent."), name="deliveries")]

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "url", "wants"])
            return
        asked = {name: form.cleaned_data[name] for name in ("name", "url", "wants")}
        made, request.secret = make_webhook(**asked, by=request.user, at=clock.now())  # type: ignore[attr-defined]
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None) -> HttpResponse:
        return show_secret(self, request, obj, request.secret)  # type: ignore[attr-defined]


def delivery_row(delivery: Delivery) -> list[Any]:
    page = reverse("admin:lib_delivery_change", args=[delivery.pk])
    return [
        link(page, delivery.message),
        state_badge(delivery),
        delivery.attempts,
        delivery.response_status or NOTHING,
        aloud(delivery.error) or NOTHING,
        time_html(delivery.last_tried_at),
    ]


def again(delivery: Delivery, *, by: Any, reason: str, at: datetime) -> Delivery:
    return send_again(delivery, at=at)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    steps = (
        Step(
            name="send_again",
            label=gettext_lazy("Send again"),
            icon="replay",
            permission="lib.test_webhookendpoint",
            run=again,
            why_not=lambda delivery, _user: _("It is waiting to be sent already.") if delivery.status == "waiting" else "",
            tells=lambda delivery: (
                _("%(message)s is sent to %(receiver)s once more, under the same message id.")
                % {"message": delivery.message, "receiver": delivery.receiver}
            ),
            done=gettext_lazy("It will be sent at once."),
        ),
    )
    list_display = (
        "__str__",
        state_column("status", gettext_lazy("state")),
        "attempts",
        "response_status",
        text_column(lambda delivery: aloud(delivery.error), "error", gettext_lazy("error"), "error"),
        time_column("last_tried_at", gettext_lazy("last tried at")),
        time_column("next_try_at", gettext_lazy("next try at")),
        time_column("delivered_at", gettext_lazy("delivered at")),
    )
    list_filter = (("status", ChoicesFilter), "endpoint", ("last_tried_at", MomentFilter))
    list_select_related = ("message", "endpoint")
    search_fields = ("message__key", "address")

    def headline(self, request: HttpRequest, obj: Delivery) -> Headline:
        facts = [
            Fact(_("Message"), obj.message.key, time_html(obj.message.created_at)),
            Fact(_("To"), obj.receiver),
            Fact(_("Attempts"), obj.attempts, time_html(obj.last_tried_at)),
            Fact(_("Answer"), obj.response_status or NOTHING, aloud(obj.error)),
            Fact(_("Next try"), time_html(obj.next_try_at)),
            Fact(pgettext("a message", "Delivered"), time_html(obj.delivered_at)),
        ]
        return Headline(str(obj), state_badge(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Delivery) -> list[Panel]:
        rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in sorted(obj.message.payload.items())]
        return [Panel(_("What it says"), [_("field"), _("value")], rows)]
