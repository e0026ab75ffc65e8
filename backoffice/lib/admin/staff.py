"""Staff and their groups. Groups and their rights are made by code (`backoffice.roles`); here people are put into them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backoffice.lib.actors import SYSTEM_USERNAME
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin, ReasonMixin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import lookup_filter
from backoffice.lib.admin.history import Source, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, time_html
from backoffice.lib.models import GroupPermissionRow, UserGroupRow, UserPermissionRow
from backoffice.lib.rights import right_words

admin.site.unregister(User)
admin.site.unregister(Group)


def group_name(group: Group) -> str:
    """Groups are made by code: their names are words of ours, kept in English."""
    return aloud(group.name)


class StaffChangeForm(ReasonMixin, UserChangeForm):
    """A person's name, groups and rights."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].label_from_instance = group_name


class StaffCreationForm(ReasonMixin, UserCreationForm):
    """A new person with a password."""


def group_names(user: User) -> str:
    return ", ".join(sorted(map(group_name, user.groups.all())))


GroupFilter = lookup_filter(
    _("groups"),
    "group",
    lambda: [(group.pk, group_name(group)) for group in Group.objects.order_by("pk")],
    lambda users, key: users.filter(groups=key),
)


@admin.register(User)
class StaffAdmin(EditableAdmin, DjangoUserAdmin):  # type: ignore[misc]
    form = StaffChangeForm
    add_form = StaffCreationForm
    change_password_form = AdminPasswordChangeForm
    shows_admin_log = True
    list_display = (
        "username",
        "first_name",
        "last_name",
        text_column(group_names, "group_names", _("groups")),
        "is_active",
        "is_staff",
        "is_superuser",
        time_column("last_login", _("last login")),
    )
    list_filter = ("is_active", "is_staff", "is_superuser", GroupFilter)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": (("first_name", "last_name"), "email")}),
        (_("Rights"), {"fields": ("groups", ("is_active", "is_staff", "is_superuser"))}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def headline(self, request: HttpRequest, obj: User) -> Headline:
        state = badge(_("active"), "success") if obj.is_active else badge(_("not active"), "danger")
        facts = [
            Fact(_("Name"), obj.get_full_name() or NOTHING, obj.email),
            Fact(_("Groups"), group_names(obj) or NOTHING),
            Fact(_("Superuser"), _("yes") if obj.is_superuser else _("no")),
            Fact(_("Last login"), time_html(obj.last_login)),
        ]
        return Headline(obj.username, state, facts=facts)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_system = obj is not None and obj.username == SYSTEM_USERNAME
        return super().has_change_permission(request, obj) and not is_system

    def history_sources(self, obj: User) -> list[Source]:
        return [Source(tracker_of(row), {"user_id": obj.pk}) for row in (UserGroupRow, UserPermissionRow)]


@admin.register(Group)
class StaffGroupAdmin(ReadOnlyAdmin):
    """Looked at: what stands in the code is what a group may do."""

    search_fields = ("name",)
    list_display = (
        text_column(group_name, "name", _("name"), "name"),
        text_column(lambda group: group.people, "people", _("people")),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people=Count("user"))

    def headline(self, request: HttpRequest, obj: Any) -> Headline:
        return Headline(
            group_name(obj), facts=[Fact(_("People"), ", ".join(obj.user_set.values_list("username", flat=True)) or NOTHING)]
        )

    def panels(self, request: HttpRequest, obj: Group) -> list[Panel]:
        rights = obj.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        rows = [[right.content_type.name, right_words(right)] for right in rights]
        return [Panel(_("What this group may do"), [_("of"), _("right")], rows, _("Nothing."))]

    def history_sources(self, obj: Group) -> list[Source]:
        return [Source(tracker_of(row), {"group_id": obj.pk}) for row in (GroupPermissionRow, UserGroupRow)]
