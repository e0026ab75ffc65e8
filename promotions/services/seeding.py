"""What every installation begins with, and staff change as they see fit."""

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.sentences import Sentence
from promotions.models import EscalationStep, Threshold
from promotions.services.drawing import PLATFORM, draw_line
from promotions.states import Metric, Severity, ThresholdAction

EVERYTHING = "everything"
# The line that rang in 2019, eight hours late: over everything issued, stolen or not. In a day, in whatever currency. Ten million
# is what that platform said its real loss stayed below; whoever gives less in a day draws it lower.
PLATFORM_LIMIT, PLATFORM_WINDOW = Decimal(10_000_000), timedelta(days=1)
STEPS = ((1, timedelta(minutes=15), Severity.URGENT), (2, timedelta(hours=1), Severity.WATCH))

BEGINS_SO = Sentence(gettext_noop("every installation begins with this"))


def seed_watch() -> int:
    """Draw the platform's line and make the escalation steps where there are none. Answers how many rows were new."""
    made = 0
    with because(str(BEGINS_SO)):
        if not Threshold.objects.filter(built_in_name=EVERYTHING).exists():
            draw_line(
                scope=PLATFORM,
                metric=Metric.ISSUED_AMOUNT,
                window=PLATFORM_WINDOW,
                limit=PLATFORM_LIMIT,
                action=ThresholdAction.ALARM,
                built_in_name=EVERYTHING,
            )
            made += 1
        if not EscalationStep.objects.exists():
            rows = [EscalationStep(number=number, after=after, severity=severity) for number, after, severity in STEPS]
            made += len(EscalationStep.objects.bulk_create(rows))
    return made
