"""The application with its guard taken out, for the control of a race: it reads, thinks, and then takes without looking again.

Only a test starts this. Nothing in the product can switch the guard off.
"""

import pytest

from backoffice.wsgi import application
from tests.promotions.racing import check_before_taking, without_guard

__all__ = ["application"]

without_guard(pytest.MonkeyPatch(), "(s.quantity IS NULL OR s.issued < s.quantity)", "true")
check_before_taking(pytest.MonkeyPatch(), thinking=0.05)
