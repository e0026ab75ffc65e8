from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.state import ProjectState

from backoffice.lib.guarding import SWITCH, guards_off

GUARDS = import_module("backoffice.lib.migrations.0002_guards")

pytestmark = pytest.mark.django_db


@pytest.fixture
def step():
    """The step that installs the triggers of `backoffice.lib`."""
    (step,) = GUARDS.Migration.operations
    return step


def test_the_triggers_of_a_step_go_and_come_again(step):
    state = ProjectState.from_apps(apps)
    of_step = {f"{apps.get_model('lib', model)._meta.db_table}: {trigger.name}" for model, trigger in step.triggers}
    off_in_tests = set(guards_off())
    with transaction.atomic():
        with connection.schema_editor() as editor:
            step.database_backwards("lib", editor, state, state)
        gone = set(guards_off())
        with connection.schema_editor() as editor:
            step.database_forwards("lib", editor, state, state)
        back = set(guards_off())
        transaction.set_rollback(True)
    assert gone == of_step | off_in_tests
    assert back == (off_in_tests - of_step) | {SWITCH}, "what post_migrate takes out comes with a trigger"


def test_the_state_learns_of_the_triggers(step):
    state = ProjectState()
    for name in {model_name for model_name, _ in step.triggers}:
        state.add_model(ProjectState.from_apps(apps).models["lib", name].clone())
        state.models["lib", name].options.pop("triggers", None)
    step.state_forwards("lib", state)
    assert sum(len(model.options.get("triggers", [])) for model in state.models.values()) == len(step.triggers)
