"""What the guards of orders share."""

from backoffice.lib.guards import NEVER_IGNORED, closed_scope

__all__ = ["NEVER_IGNORED", "closed_scope"]
