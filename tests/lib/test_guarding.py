"""No session switches a trigger of ours off; and whoever switches one off by other means is found."""

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from backoffice.lib.guarding import SWITCH, guards_off
from backoffice.lib.models import Approval
from tests.orders.rounds import sql
from tests.promotions.factories import a_campaign

pytestmark = pytest.mark.django_db
GUARD = "approval_is_never_deleted"


def an_approval():
    a_campaign()
    return Approval.objects.first()


def guard():
    [(model, trigger)] = pgtrigger.registered(f"lib.Approval:{GUARD}")
    return trigger.get_pgid(model)


def off():
    """What is off, but for what the tests themselves switch off (`tests.conftest`)."""
    return [name for name in guards_off() if not name.endswith("_never_truncated")]


def ignored():
    sql("SELECT set_config('pgtrigger.ignore', %s, true)", "{" + guard() + "}")


def test_everything_that_this_code_says_is_on():
    assert off() == []


def test_the_setting_of_a_session_switches_nothing_off():
    approval = an_approval()
    ignored()
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        sql("DELETE FROM lib_approval WHERE id = %s", approval.pk)


def test_control_as_a_migration_leaves_it_the_setting_does():
    approval = an_approval()
    [(model, trigger)] = pgtrigger.registered(f"lib.Approval:{GUARD}")
    sql(trigger.compile(model).install_sql.replace("%", "%%"))
    assert off() == [SWITCH]
    ignored()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lib_approval WHERE id = %s", [approval.pk])
        assert cursor.rowcount == 1


def test_the_next_migrate_takes_the_switch_out_again():
    sql(f"CREATE OR REPLACE FUNCTION {SWITCH}(trigger_name name) RETURNS boolean LANGUAGE sql AS 'SELECT true'")
    assert off() == [SWITCH]
    call_command("migrate", verbosity=0)
    assert off() == []


@pytest.mark.parametrize(
    "deed",
    [
        "ALTER TABLE lib_approval DISABLE TRIGGER {guard}",
        "ALTER TABLE lib_approval ENABLE REPLICA TRIGGER {guard}",
        "DROP TRIGGER {guard} ON lib_approval",
        "CREATE OR REPLACE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "COMMENT ON TRIGGER {guard} ON lib_approval IS 'of another version'",
    ],
    ids=["disabled", "for replicas only", "dropped", "rewritten", "of another version"],
)
def test_a_trigger_that_is_off_is_found(deed):
    sql(deed.format(guard=guard()))
    assert off() == [f"lib_approval: {GUARD}"]
