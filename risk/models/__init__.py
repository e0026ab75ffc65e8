from risk.models.allowing import Allowance
from risk.models.assessments import Assessment, Finding
from risk.models.dispositions import CustomerDisposition, Overrule
from risk.models.flags import Flag
from risk.models.links import LinkedAccount, LinkHub, LinkRun
from risk.models.marks import PublicMark

__all__ = [
    "Allowance",
    "Assessment",
    "CustomerDisposition",
    "Finding",
    "Flag",
    "LinkHub",
    "LinkRun",
    "LinkedAccount",
    "Overrule",
    "PublicMark",
]
