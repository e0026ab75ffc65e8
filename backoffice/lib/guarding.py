"""The triggers of the database stay on: what switches them off for a session is taken out, and what is off is found.

pgtrigger gives each trigger a first line that leaves where the setting `pgtrigger.ignore` names it, and anybody who may send SQL
may set that. A guard that whoever it guards against can switch off is none. So after each `migrate` the function behind that line
answers no, whatever is set; PostgreSQL folds it away, and the triggers are faster by it.

Who owns the tables can still disable a trigger, drop it, or write its function anew. That cannot be prevented, but seen:
`guards_off` compares what the database has with what this code says. Whoever takes pains to forge that too is not seen.
"""

import re
from functools import lru_cache
from typing import Any

import pgtrigger
from django.db import connection, connections

SWITCH = "public._pgtrigger_should_ignore"
STAYS_ON = "SELECT false"
# In a transaction of its own only where it is needed: each flush of a test database asks.
TAKE_SWITCH_OUT = f"""
DO $do$ BEGIN
    IF (SELECT p.prosrc FROM pg_proc p WHERE p.oid = to_regproc('{SWITCH}')) IS DISTINCT FROM '{STAYS_ON}' THEN
        CREATE OR REPLACE FUNCTION {SWITCH}(trigger_name name) RETURNS boolean
            LANGUAGE sql IMMUTABLE PARALLEL SAFE AS '{STAYS_ON}';
    END IF;
END $do$
"""  # noqa: S608  our own words
TRIGGERS = """
SELECT t.tgname, c.relname, t.tgenabled IN ('O', 'A'), p.prosrc, obj_description(t.oid, 'pg_trigger')
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)
"""
BODY = re.compile(r"RETURNS TRIGGER AS \$\$(.*?)\$\$ LANGUAGE plpgsql", re.DOTALL)


def take_switch_out(*, using: str, **_signal: Any) -> None:
    """After a migration, whose triggers each bring the switch back: no setting of a session switches a trigger off."""
    with connections[using].cursor() as cursor:
        cursor.execute(TAKE_SWITCH_OUT)


def guards_off() -> list[str]:
    """The triggers of this code that the database lacks, has disabled, or has with another text, each as "table: name", in order;
    and the switch, where it is back.
    """
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        found = {(table, name): told for name, table, is_on, *told in cursor.fetchall() if is_on}
        cursor.execute("SELECT prosrc FROM pg_proc WHERE oid = to_regproc(%s)", [SWITCH])
        switch = cursor.fetchone()
    off = [f"{table}: {name}" for table, pgid, name, *told in _guards() if found.get((table, pgid)) != told]
    return sorted(off) + ([] if switch == (STAYS_ON,) else [SWITCH])


@lru_cache(maxsize=1)
def _guards() -> list[tuple[str, str, str, str, str]]:
    """Table, the trigger's name in the database and in the code, the text of its function, and the hash of all that it says."""
    guards = []
    for model, trigger in pgtrigger.registered():
        compiled = trigger.compile(model)
        text = BODY.search(compiled.install_sql)
        if text is None:
            raise RuntimeError("pgtrigger writes its functions in another way now: mend what is looked for here")
        guards.append((model._meta.db_table, trigger.get_pgid(model), str(trigger.name), text[1], compiled.hash))
    return guards
