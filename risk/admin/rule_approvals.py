"""What the approval of a rule stands for: all of it in words, beside how it did in shadow and on the past."""

from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact
from backoffice.lib.admin.subjects import InWords, key_of, words_of
from backoffice.lib.models import Approval
from orders.admin.links import page_of
from risk.admin.rule_panels import backtest_panels, figures_panels, lists_panels, overlap_panel, words_panel
from risk.models import RuleVersion


@words_of("risk.ruleversion")
def version_in_words(approval: Approval) -> InWords:
    version = RuleVersion.objects.select_related("rule").filter(pk=key_of(approval)).first()
    if version is None:
        return InWords()
    facts = [
        Fact(_("Rule"), page_of(version), version.text),
        Fact(_("Evidence"), version.get_evidence_display(), version.get_strength_display()),
        Fact(_("Score"), version.score),
        Fact(_("Share"), f"{approval.payload['percent']} %", _("Percent of the customers on whose orders it acts.")),
    ]
    told = [words_panel(version), *lists_panels(version)]
    panels = [*told, *figures_panels(version), overlap_panel(version), *backtest_panels(version)]
    return InWords(facts, panels)
