"""Many triggers in one step of a migration. The only code of ours that migrations import.

pgtrigger's own step makes Django work out the models anew for each trigger, which no trigger changes: of the minute and a half
that an empty database took, half a minute.
"""

from typing import Any

import pgtrigger.compiler
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

Triggers = list[tuple[str, pgtrigger.compiler.Trigger]]


class AddTriggers(Operation):
    """Installs triggers, each given with the name of its model."""

    category = OperationCategory.ADDITION
    reduces_to_sql = True
    reversible = True

    def __init__(self, triggers: Triggers) -> None:
        self.triggers = triggers

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.triggers], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """For `makemigrations`, which compares what the models say with it."""
        for model_name, trigger in self.triggers:
            options = state.models[app_label, model_name].options
            options["triggers"] = [*options.get("triggers", []), trigger]

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for _, trigger in self.triggers:
            schema_editor.execute(trigger.install_sql, params=None)  # type: ignore[arg-type]  # as it is: it has percent signs

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for _, trigger in reversed(self.triggers):
            schema_editor.execute(trigger.uninstall_sql, params=None)  # type: ignore[arg-type]

    def describe(self) -> str:
        return f"Install {len(self.triggers)} triggers"
