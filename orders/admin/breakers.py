"""The circuit breaker of automatic holds, and the orders that it left free: each waits for somebody to decide."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.admin.stopping import StopsSeveralMixin
from backoffice.lib.admin.subjects import InWords, key_of, words_of
from backoffice.lib.display import (
    NOTHING,
    amount_html,
    badge,
    count_text,
    duration_text,
    shortened,
    stacked,
    state_badge,
    time_html,
)
from backoffice.lib.models import Approval
from orders.admin.links import page_of
from orders.models import HoldBreaker, MissedHold, Order
from orders.rates import Counter, within
from orders.services.breaker import hold_missed, leave_missed, request_start, stop_automatic_holds
from orders.states import UNDELIVERED_STATUSES

ORDERS_SHOWN = 20

STOP = Step(
    name="stop",
    label=gettext_lazy("Stop automatic holds"),
    icon="pan_tool",
    is_stop=True,
    permission="orders.stop_holdbreaker",
    run=stop_automatic_holds,
    why_not=lambda breaker, _user: _("They are stopped already.") if breaker.stopped_at else "",
    tells=lambda breaker: (
        _("From now on the system places no more holds of the kind %s. What is held stays held; flags go on.") % breaker
    ),
    done=gettext_lazy("Stopped. What would have been held is listed under Not held."),
)
START = Step(
    name="ask_to_start",
    label=gettext_lazy("Ask to start again"),
    icon="play_arrow",
    permission="orders.request_holdbreaker",
    run=request_start,
    why_not=lambda breaker, _user: "" if breaker.stopped_at else _("They are not stopped."),
    tells=lambda breaker: (
        _("A second person decides. Then the system places holds of the kind %(kind)s again, at most %(most)s within %(window)s.")
        % {"kind": breaker, "most": count_text(breaker.most), "window": duration_text(breaker.window)}
    ),
    done=gettext_lazy("Sent to Approvals. Nothing is held by itself until a second person approves."),
)


def breaker_state(breaker: HoldBreaker) -> Any:
    return badge(_("stopped"), "danger") if breaker.stopped_at else badge(_("working"), "success")


def now_within(breaker: HoldBreaker) -> int:
    counter = Counter(breaker.window, breaker.window_started_at, breaker.placed, breaker.placed_before)
    return within(counter, clock.now())


def waiting_of(breaker: HoldBreaker) -> Any:
    return MissedHold.objects.waiting().filter(kind=breaker.kind)


@admin.register(HoldBreaker)
class HoldBreakerAdmin(EditableAdmin):
    steps = (STOP, START)
    fields = (("window", "most"),)
    list_display = (
        state_column("kind", gettext_lazy("kind of hold")),
        text_column(breaker_state, "state", gettext_lazy("state")),
        text_column(lambda one: count_text(now_within(one)), "now", gettext_lazy("placed within the window")),
        text_column(lambda one: count_text(one.most), "most", gettext_lazy("at most so many"), "most"),
        text_column(lambda one: duration_text(one.window), "window", gettext_lazy("window")),
        time_column("stopped_at", gettext_lazy("stopped at"), order=None),
        "stopped_by",
    )
    list_select_related = ("stopped_by",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def headline(self, request: HttpRequest, obj: HoldBreaker) -> Headline:
        facts = [
            Fact(_("Placed within the window"), count_text(now_within(obj)), _("of at most %s") % count_text(obj.most)),
            Fact(_("Window"), duration_text(obj.window)),
            Fact(_("Orders not held that wait"), count_text(waiting_of(obj).count())),
            Fact(_("Stopped by"), obj.stopped_by or NOTHING, time_html(obj.stopped_at) if obj.stopped_at else ""),
            Fact(_("Why"), obj.stopped_reason or NOTHING),
        ]
        words = _(
            "Holds of this kind that the system places by itself. Above the limit they stop, and two persons start them again."
        )
        return Headline(_("Automatic holds: %s") % obj, breaker_state(obj), sentence=words, facts=facts)

    def panels(self, request: HttpRequest, obj: HoldBreaker) -> list[Panel]:
        found = waiting_of(obj).select_related("order").order_by("-order__virtual_amount", "pk")[:ORDERS_SHOWN]
        rows = [[page_of(one.order), shortened(one.reason), worth(one), time_html(one.missed_at)] for one in found]
        url = f"{reverse('admin:orders_missedhold_changelist')}?state=waits&kind__exact={obj.kind}"
        columns = [_("order"), _("why it would have been held"), _("amount"), _("not held at")]
        return [Panel(_("Not held, and still to be saved"), columns, rows, _("None waits."), url)]


@words_of("orders.holdbreaker")
def start_in_words(approval: Approval) -> InWords:
    breaker = HoldBreaker.objects.select_related("stopped_by").filter(pk=key_of(approval)).first()
    if breaker is None:
        return InWords()
    facts = [
        Fact(_("Automatic holds of the kind"), page_of(breaker), breaker_state(breaker)),
        Fact(_("Stopped by"), breaker.stopped_by or NOTHING, time_html(breaker.stopped_at)),
        Fact(_("Why"), breaker.stopped_reason or NOTHING),
        Fact(_("At most"), count_text(breaker.most), duration_text(breaker.window)),
        Fact(_("Orders not held that wait"), count_text(waiting_of(breaker).count())),
    ]
    return InWords(facts)


def waiting(missed: Any) -> Any:
    return missed.waiting()


HOLD = Step(
    name="hold",
    label=gettext_lazy("Hold"),
    icon="lock",
    permission="orders.place_hold",
    run=hold_missed,
    is_shown=lambda missed: not missed.decision and missed.order.status in UNDELIVERED_STATUSES,
    tells=lambda missed: _("Order %s is held by hand: it cannot be delivered until somebody releases it.") % missed.order,
    done=gettext_lazy("Held."),
)
LEAVE = Step(
    name="leave",
    label=gettext_lazy("Leave alone"),
    icon="check",
    permission="orders.place_hold",
    run=leave_missed,
    is_shown=lambda missed: not missed.decision,
    tells=lambda missed: _("Order %s stays free and leaves this list.") % missed.order,
    done=gettext_lazy("Left alone."),
)


def worth(missed: MissedHold) -> Any:
    order: Order = missed.order
    virtual = _("virtual goods %s") % amount_html(order.virtual_amount, order.currency) if order.virtual_amount else ""
    return stacked(amount_html(order.gross_amount, order.currency), virtual)


def decided(missed: MissedHold) -> Any:
    if missed.decision:
        return stacked(state_badge(missed, "decision"), missed.decided_by)
    return badge(_("waits"), "warning") if missed.order.status in UNDELIVERED_STATUSES else NOTHING


@admin.register(MissedHold)
class MissedHoldAdmin(StopsSeveralMixin, ExactSearchMixin, ReadOnlyAdmin):
    steps = (HOLD, LEAVE)
    stops = (HOLD, LEAVE)
    stops_show = "decision"
    list_display = (
        text_column(lambda one: page_of(one.order), "order", gettext_lazy("order")),
        text_column(lambda one: state_badge(one.order), "order_state", gettext_lazy("state")),
        state_column("kind", gettext_lazy("kind of hold")),
        text_column(lambda one: shortened(one.reason), "reason", gettext_lazy("why it would have been held")),
        text_column(worth, "amount", gettext_lazy("amount")),
        time_column("missed_at", gettext_lazy("not held at"), order="pk"),
        text_column(decided, "decision", gettext_lazy("decision")),
    )
    list_display_links = ("reason",)
    list_filter = (
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "waits": (gettext_lazy("waits for a decision"), waiting),
                "decided": (gettext_lazy("decided"), lambda rows: rows.exclude(decision="")),
            },
        ),
        ("kind", ChoicesFilter),
        ("missed_at", MomentFilter),
    )
    search_fields = ("order__ref", "order__customer__ref")
    ordering = ("-pk",)
    empty_text = gettext_lazy("Automatic holds were never stopped while something was to be held.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).for_admin_list()

    def headline(self, request: HttpRequest, obj: MissedHold) -> Headline:
        facts = [
            Fact(_("Order"), page_of(obj.order), state_badge(obj.order)),
            Fact(_("Amount"), worth(obj)),
            Fact(_("Why it would have been held"), obj.reason),
            Fact(_("Not held at"), time_html(obj.missed_at)),
            Fact(_("Decided by"), obj.decided_by or NOTHING, time_html(obj.decided_at) if obj.decided_at else ""),
            Fact(_("Reason of the decision"), obj.decision_reason or NOTHING),
        ]
        return Headline(f"{obj.get_kind_display()} · {obj.order}", decided(obj), facts=facts)
