"""Every change leaves a row in the history, however it was made, and the history can only be added to."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, transaction

from backoffice.lib.audit import because
from backoffice.lib.models import ApiKey, Approval, Job, UserGroupRow
from tests.lib.keys import a_key, rename
from tests.promotions.factories import NOON, a_user, the_approver
from tests.promotions.rawsql import sql

pytestmark = pytest.mark.django_db


def events(**filters):
    return list(ApiKey.pgh_event_model.objects.filter(**filters).order_by("pgh_id"))


# Whichever way a row is written


WRITES = {
    "save": lambda keys: [setattr(keys[0], "name", "x"), keys[0].save()],
    "update": lambda keys: ApiKey.objects.filter(pk=keys[0].pk).update(name="x"),
    "raw SQL": lambda keys: sql("UPDATE lib_apikey SET name = 'x' WHERE id = %s", keys[0].pk),
    "a CTE": lambda keys: sql("WITH w AS (UPDATE lib_apikey SET name = 'x' WHERE id = %s RETURNING 1) SELECT 1", keys[0].pk),
    "an upsert": lambda keys: sql(
        "INSERT INTO lib_apikey SELECT * FROM lib_apikey WHERE id = %s ON CONFLICT (id) DO UPDATE SET name = 'x'", keys[0].pk
    ),
    "MERGE": lambda keys: sql(
        "MERGE INTO lib_apikey k USING (SELECT %s AS id) s ON k.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'", keys[0].pk
    ),
}


@pytest.mark.parametrize("way", WRITES)
def test_one_change_leaves_one_event_whichever_way_it_is_made(way):
    keys = [a_key(), a_key()]
    WRITES[way](keys)
    (event,) = events(pgh_label="update")
    assert (event.pgh_obj_id, event.name) == (keys[0].pk, "x")


@pytest.mark.parametrize(
    "write",
    [
        lambda keys: ApiKey.objects.update(name="x"),
        lambda keys: sql("UPDATE lib_apikey SET name = 'x'"),
        lambda keys: ApiKey.objects.bulk_update([ApiKey(pk=key.pk, name="x") for key in keys], ["name"]),
    ],
)
def test_a_statement_over_many_rows_leaves_an_event_for_each(write):
    keys = [a_key() for _ in range(5)]
    write(keys)
    assert [event.pgh_obj_id for event in events(pgh_label="update")] == [key.pk for key in keys]


@pytest.mark.parametrize(
    "remove",
    [
        lambda key: key.delete(),
        lambda key: ApiKey.objects.filter(pk=key.pk).delete(),
        lambda key: sql("DELETE FROM lib_apikey WHERE id = %s", key.pk),
    ],
)
def test_what_was_deleted_is_still_in_the_history(remove):
    key = a_key(name="short-lived")
    remove(ApiKey.objects.get(pk=key.pk))
    assert [(event.pgh_label, event.name) for event in events(pgh_obj_id=key.pk)] == [
        ("insert", "short-lived"),
        ("delete", "short-lived"),
    ]


def test_rows_that_are_made_in_bulk_are_in_the_history():
    ApiKey.objects.bulk_create(ApiKey(name="n", prefix=f"p{n}", secret_hash="0" * 64) for n in range(4))
    assert len(events(pgh_label="insert")) == 4


def test_a_write_that_changes_nothing_leaves_no_event():
    key = a_key()
    rename(key, key.name)
    key.save()
    assert events(pgh_label="update") == []


def test_what_is_written_all_day_long_leaves_no_event():
    key = a_key()
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=NOON)
    assert events(pgh_label="update") == []


def test_what_is_rolled_back_leaves_no_event():
    key = a_key()
    with transaction.atomic():
        rename(key)
        transaction.set_rollback(True)
    assert events(pgh_label="update") == []


def test_permissions_and_memberships_are_in_the_history():
    user, group = a_user(), Group.objects.create(name="g")
    with because("new colleague", user=the_approver().pk):
        user.groups.add(group)
    user.groups.remove(group)
    rows = list(UserGroupRow.pgh_event_model.objects.filter(user=user).order_by("pgh_id"))
    assert [row.pgh_label for row in rows] == ["insert", "delete"]
    assert rows[0].pgh_context.metadata == {"reason": "new colleague", "user": the_approver().pk}
    group.permissions.add(Permission.objects.first())
    user.user_permissions.add(Permission.objects.first())
    for name in ("GroupPermissionRow", "UserPermissionRow"):
        assert apps.get_model("lib", name).pgh_event_model.objects.filter(pgh_label="insert").exists()


# Nobody writes history but the triggers


EVENT_MODELS = [model for model in apps.get_app_config("lib").get_models() if hasattr(model, "pgh_tracked_model")]


def test_the_shared_tables_that_matter_are_tracked():
    tracked = {model.pgh_tracked_model for model in EVENT_MODELS}
    assert {ApiKey, Approval, Job, UserGroupRow} <= tracked


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET pgh_label = 'nothing'", "DELETE FROM {}", "UPDATE {} SET pgh_context_id = NULL"]
)
def test_history_can_only_be_added_to(statement):
    key = a_key()
    with because("a reason"):
        rename(key)
    table = ApiKey.pgh_event_model._meta.db_table
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        sql(statement.format(table))
    assert [event.pgh_label for event in events(pgh_obj_id=key.pk)] == ["insert", "update"]


def test_every_history_table_of_every_app_refuses_to_be_changed():
    import pgtrigger

    guarded = {model for model, trigger in pgtrigger.registered() if trigger.name == "append_only"}
    all_events = {model for model in apps.get_models() if hasattr(model, "pgh_tracked_model") and model._meta.managed}
    assert all_events
    assert {model for model in all_events if model._meta.app_label in {"lib", "promotions", "orders", "risk"}} <= guarded
