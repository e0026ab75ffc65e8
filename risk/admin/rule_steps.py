"""What can be done with a version of a rule, and the forms that ask for it."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.steps import ReasonForm, Step
from risk.models import RuleVersion
from risk.services.backtests import request_backtest
from risk.services.rules import narrow, put_in_shadow, request_publication, retire
from risk.services.value_lists import names_in
from risk.states import ListsAsOf, VersionStatus


class ShareForm(ReasonForm):
    percent = forms.IntegerField(
        label=gettext_lazy("Share"),
        min_value=1,
        max_value=100,
        initial=100,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Percent of the customers whose orders it acts on; on the others it is watched."),
    )


class PeriodForm(ReasonForm):
    since = moment_field(gettext_lazy("From"), required=True)
    until = moment_field(gettext_lazy("Until"), required=True)
    # Asked only where the version, or the published one beside it, names a list.
    lists_as = forms.ChoiceField(
        label=gettext_lazy("Value lists"),
        choices=ListsAsOf.choices,
        initial=ListsAsOf.THEN,
        widget=UnfoldAdminRadioSelectWidget,
        help_text=gettext_lazy(
            "As they stood: what the rule would really have said, so that a list made today hits nothing of yesterday."
            " As they stand now: what it would have hit, had the lists been as they are."
        ),
    )

    field_order = ("since", "until", "lists_as", "reason")

    def for_object(self, obj: RuleVersion) -> None:
        beside = obj.rule.versions.published().first()
        if not any(names_in(version.tree) for version in (obj, beside) if version):
            del self.fields["lists_as"]

    def clean_until(self) -> Any:
        """Not later than now: staff who mean "until now" pick this minute."""
        return min(self.cleaned_data["until"], timezone.now())


def unless(*statuses: str) -> Any:
    """Why a step cannot be taken in another state than these."""

    def why_not(version: RuleVersion, _user: Any) -> str:
        words = {"version": version, "state": version.get_status_display()}
        return "" if version.status in statuses else _("%(version)s is %(state)s.") % words

    return why_not


STEPS = (
    Step(
        name="shadow",
        label=gettext_lazy("Put into shadow"),
        icon="visibility",
        permission="risk.shadow_rule",
        run=put_in_shadow,
        why_not=unless(VersionStatus.DRAFT),
        tells=lambda version: _("From now on %s judges every order with a coupon, and acts on none.") % version,
        done=gettext_lazy("It is in shadow."),
    ),
    Step(
        name="ask_to_publish",
        label=gettext_lazy("Ask to publish"),
        icon="publish",
        permission="risk.shadow_rule",
        run=request_publication,
        form_class=ShareForm,
        why_not=unless(VersionStatus.SHADOW, VersionStatus.PUBLISHED),
        tells=lambda version: _("A second person is asked to let %s act: its hits become findings and are weighed.") % version,
        done=gettext_lazy("Asked. A second person decides under Approvals."),
    ),
    Step(
        name="narrow",
        label=gettext_lazy("Narrow"),
        icon="compress",
        is_plain=True,
        permission="risk.retire_rule",
        run=narrow,
        form_class=ShareForm,
        why_not=unless(VersionStatus.PUBLISHED),
        tells=lambda version: (
            _("%(version)s acts on %(percent)s percent of the customers; from now on on fewer.")
            % {"version": version, "percent": version.percent}
        ),
        done=gettext_lazy("Narrowed."),
    ),
    Step(
        name="retire",
        label=gettext_lazy("Retire"),
        icon="stop_circle",
        is_stop=True,
        permission="risk.retire_rule",
        run=retire,
        why_not=unless(VersionStatus.DRAFT, VersionStatus.SHADOW, VersionStatus.PUBLISHED),
        tells=lambda version: _("%s judges nothing any more. What it found stays.") % version,
        done=gettext_lazy("Retired."),
    ),
    Step(
        name="backtest",
        label=gettext_lazy("Backtest"),
        icon="history",
        permission="risk.add_backtest",
        run=request_backtest,
        form_class=PeriodForm,
        tells=lambda version: _("%s is tried on all that happened in a period, as a job. It changes nothing.") % version,
        done=gettext_lazy("The backtest runs. Its figures appear below."),
    ),
)
