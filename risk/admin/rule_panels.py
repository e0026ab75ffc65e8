"""Panels of rules: in words, how they do, with which others they hit, their versions and backtests."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.page import Panel
from backoffice.lib.counting import MOST_COUNTED
from backoffice.lib.display import NOTHING, amount_text, count_text, shortened, state_badge, time_html
from orders.admin.links import page_of
from risk.models import Backtest, Rule, RuleHit, RuleVersion, ValueList
from risk.rulebook import RuleNotUnderstood, parse
from risk.rulefacts import BOOKS
from risk.services.backtests import totals
from risk.services.rule_figures import PERIOD, figures_of
from risk.services.value_lists import names_in, numbers_on
from risk.wording import Line, label_of, lines_of, membership_text, value_text

SHOWN = 10
EXAMPLES_SHOWN = 10


def words_panel(version: RuleVersion, hit: RuleHit | None = None) -> Panel:
    """The rule in words; of a hit with what each part said, and the values."""
    schema = BOOKS[version.rule.subject].schema
    try:
        tree = parse(version.tree, schema)
    except RuleNotUnderstood as error:
        rows = [Line(0, str(error))]
    else:
        trace = hit.explanation["trace"] if hit and hit.explanation["trace"] else None
        rows = lines_of(tree, schema, trace)
    if hit is not None:
        for name, value in hit.explanation["facts"].items():
            known = schema.get(name)
            rows.append(Line(0, f"{label_of(known) if known else name} = {value_text(known, value)}"))
        rows += [Line(0, membership_text(schema.get(one["fact"]), one)) for one in hit.explanation.get("lists", ())]
    title = _("What it said") if hit else _("In words")
    return Panel(title, [], rows, name="words", template="admin/holdfast/rule_words_panel.html")


def count_to_bound(number: int) -> str:
    """How long a list is does not cost its page its time."""
    return _("more than %s") % count_text(MOST_COUNTED) if number > MOST_COUNTED else count_text(number)


def lists_panels(version: RuleVersion) -> list[Panel]:
    """The value lists that it asks for, which change without the version; none where it asks for none."""
    names = names_in(version.tree)
    lists = list(ValueList.objects.filter(name__in=names).order_by("name")) if names else []
    numbers = numbers_on(lists, at=clock.now()) if lists else {}
    rows = [[page_of(one), one.get_holds_display(), count_to_bound(numbers[one.pk]), shortened(one.purpose)] for one in lists]
    columns = [_("value list"), _("holds"), _("values on it now"), _("purpose")]
    note = _("What is on a list may change at any time, by one person and for a reason. A hit keeps what was on it then.")
    return [Panel(_("Value lists it asks for"), columns, rows, note=note, name="lists")] if rows else []


def percent(share: Any) -> str:
    return NOTHING if share is None else f"{100 * float(share):.1f} %"


def figures_panels(version: RuleVersion) -> list[Panel]:
    """How it does, of the last PERIOD."""
    told = figures_of(version, at=clock.now())
    micro = _("%s µs")
    rows = [
        [_("Judged"), count_text(told["runs"])],
        [_("Hits"), f"{count_text(told['hits'])} ({percent(told['hit_rate'])})"],
        [_("Unknown, failed, snoozed"), " / ".join(count_text(told[name]) for name in ("unknown", "errors", "snoozed"))],
        [_("Orders hit, of different customers"), " / ".join(count_text(told[name]) for name in ("orders", "customers"))],
        [_("Precision, of what reviewers decided"), f"{percent(told['precision'])} ({count_text(told['decided'])})"],
        [
            _("Cost of judging, mean and 99th percentile"),
            NOTHING if told["mean"] is None else f"{micro % round(told['mean'], 1)} / {micro % round(told['slowest'], 1)}",
        ],
    ]
    version.overlap = told["overlap"]  # type: ignore[attr-defined]
    return [Panel(_("How it does"), [_("in the last %s days") % PERIOD.days, ""], rows, name="figures")]


def overlap_panel(version: RuleVersion) -> Panel:
    rows = [[rule, count_text(count)] for rule, count in getattr(version, "overlap", ())]
    return Panel(_("Hits the same orders as"), [_("rule"), _("orders")], rows, _("No other rule."), name="overlap")


def versions_panel(rule: Rule) -> Panel:
    rows = [
        [page_of(one), state_badge(one), one.text, one.score, f"{one.percent} %", one.made_by, time_html(one.made_at)]
        for one in rule.versions.select_related("rule", "made_by").order_by("-number")[:SHOWN]
    ]
    columns = [_("version"), _("state"), _("finding"), _("score"), _("share"), _("written by"), _("at")]
    return Panel(_("Versions"), columns, rows, _("None is written yet."), name="versions")


def backtest_panels(version: RuleVersion) -> list[Panel]:
    """The newest backtests; the newest of all with its examples."""
    tests = list(Backtest.objects.filter(version=version).select_related("job", "beside__rule", "version__rule")[:3])
    rows = [row for test in tests for row in _backtest_rows(test)]
    columns = [
        _("period"),
        _("value lists"),
        _("version"),
        _("state"),
        _("judged"),
        _("hits"),
        _("unknown"),
        _("flagged before"),
        _("precision"),
        _("recall"),
        _("decisions that flip"),
        _("discount on hits"),
    ]
    panels = [Panel(_("Backtests"), columns, rows, _("It was not tried on the past yet."), name="backtests")]
    if tests:
        wrong = tests[0].examples.filter(version=version).select_related("order")[: 2 * EXAMPLES_SHOWN]
        examples = [[page_of(one.order), one.get_error_display()] for one in wrong]
        panels.append(Panel(_("Decisions it would have got wrong"), [_("order"), _("error")], examples, _("None."), name="wrong"))
    return panels


def _backtest_rows(test: Backtest) -> Sequence[list[Any]]:
    rows = []
    for version in filter(None, (test.version, test.beside)):
        told = totals(test, version)
        rows.append(
            [
                time_html(test.since) + " – " + time_html(test.until),
                test.get_lists_as_display() if names_in(version.tree) else NOTHING,
                version,
                page_of(test.job, test.job.get_status_display()),
                count_text(told["judged"]),
                count_text(told["hits"]),
                count_text(told["unknown"]),
                count_text(told["flagged"]),
                percent(told["precision"]),
                percent(told["recall"]),
                count_text(told["flips"]),
                amount_text(told["money"], "CNY"),
            ]
        )
    return rows


def hits_panel(version: RuleVersion) -> Panel:
    hits = RuleHit.objects.filter(version=version).select_related("order", "version__rule").order_by("-at")[:SHOWN]
    rows = [[page_of(hit.order), page_of(hit, hit.get_result_display()), time_html(hit.at)] for hit in hits]
    return Panel(_("Last hits"), [_("order"), _("result"), _("at")], rows, _("None yet."), name="hits")
