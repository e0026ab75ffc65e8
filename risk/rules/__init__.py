"""The rules: facts in, finding out. Pure: nothing here imports Django. Importing the package registers them all."""

from risk.rules import account, cash_out, concentration, provenance, timing  # noqa: F401  register their rules
from risk.rules.findings import RULES, Evidence, Finding, Rule, Strength, apply_rules
from risk.rules.weighing import Disposition, Verdict, weigh

__all__ = ["RULES", "Disposition", "Evidence", "Finding", "Rule", "Strength", "Verdict", "apply_rules", "weigh"]
