from risk.models.allowing import Allowance
from risk.models.assessments import Assessment, Finding
from risk.models.backtests import Backtest, BacktestDay, BacktestExample
from risk.models.flags import Flag
from risk.models.lists import ListEntry, Snooze
from risk.models.rules import Rule, RuleHit, RuleRun, RuleVersion

__all__ = [
    "Allowance",
    "Assessment",
    "Backtest",
    "BacktestDay",
    "BacktestExample",
    "Finding",
    "Flag",
    "ListEntry",
    "Rule",
    "RuleHit",
    "RuleRun",
    "RuleVersion",
    "Snooze",
]
