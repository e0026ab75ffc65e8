"""Staff to log in as: one for each role, and a superuser. Only where a demonstration password is set; never in production."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User


@dataclass(frozen=True)
class DemoUser:
    """A login of the demonstration. `role` names the group; empty for the superuser."""

    username: str
    role: str


LOGINS = (
    DemoUser("operator", "promotions operator"),
    DemoUser("approver", "promotions approver"),
    DemoUser("analyst", "risk analyst"),
    DemoUser("lead", "risk lead"),
    DemoUser("auditor", "auditor"),
    DemoUser("support", "support"),
    DemoUser("admin", ""),
)


def make_staff(password: str) -> None:
    """Make the logins that are missing. Those that exist keep what staff changed of them, the password too."""
    for login in LOGINS:
        user, is_new = User.objects.get_or_create(
            username=login.username, defaults={"is_staff": True, "is_superuser": not login.role}
        )
        if is_new:
            user.set_password(password)
            user.save(update_fields=["password"])
            if login.role:
                user.groups.add(Group.objects.get(name=login.role))
