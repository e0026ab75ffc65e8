from risk.models.assessments import Assessment, Finding
from risk.models.flags import Flag

__all__ = ["Assessment", "Finding", "Flag"]
