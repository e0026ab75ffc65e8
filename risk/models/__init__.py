from risk.models.allowing import Allowance
from risk.models.assessments import Assessment, Finding
from risk.models.dispositions import CustomerDisposition, Overrule
from risk.models.evidence import BundleDownload, BundleFile, BundlePiece, EvidenceBundle
from risk.models.flags import Flag
from risk.models.incident_figures import IncidentFigure, Snapshot
from risk.models.incident_scope import IncidentCoupon, IncidentMember, IncidentOrder, Ruling
from risk.models.incidents import Incident, IncidentAnchor, IncidentNote

__all__ = [
    "Allowance",
    "Assessment",
    "BundleDownload",
    "BundleFile",
    "BundlePiece",
    "CustomerDisposition",
    "EvidenceBundle",
    "Finding",
    "Flag",
    "Incident",
    "IncidentAnchor",
    "IncidentCoupon",
    "IncidentFigure",
    "IncidentMember",
    "IncidentNote",
    "IncidentOrder",
    "Overrule",
    "Ruling",
    "Snapshot",
]
