"""Who acts. A person is a user; what the system does by itself is done by the user "system", who cannot log in."""

from typing import Any

from django.contrib.auth import get_user_model

SYSTEM_USERNAME = "system"


def system_user() -> Any:
    """The inactive user in whose name rules and scheduled checks act."""
    user_model = get_user_model()
    return user_model.objects.get_or_create(
        username=SYSTEM_USERNAME, defaults={"is_active": False, "is_staff": False, "password": "!"}
    )[0]
