"""Who may do what is history too: the rows that give a permission are tracked through proxies of Django's own tables."""

from django.contrib.auth.models import Group, User

from backoffice.lib.audit import tracked


@tracked(obj_field=None)
class UserGroupRow(User.groups.through):  # type: ignore[name-defined,misc]
    """A user is in a group."""

    class Meta:
        proxy = True


@tracked(obj_field=None)
class UserPermissionRow(User.user_permissions.through):  # type: ignore[name-defined,misc]
    """A user has a permission of his own."""

    class Meta:
        proxy = True


@tracked(obj_field=None)
class GroupPermissionRow(Group.permissions.through):  # type: ignore[name-defined,misc]
    """A group has a permission."""

    class Meta:
        proxy = True
