"""Everything tracked leaves its trace, and the trace can only be added to."""

import pytest
from django.apps import apps

from promotions.models import (
    Alarm,
    ClaimRule,
    ClaimToken,
    Coupon,
    IdentityBlock,
    Threshold,
)
from promotions.services.token_exports import take_out
from promotions.services.tokens import revoke_token
from tests.promotions.conditions import a_scope_line, some_hours
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_coupon,
    a_coupon_type,
    a_token,
    an_entry,
    the_asker,
)
from tests.promotions.granting import a_grant, a_void
from tests.promotions.rawsql import refused, set_in, sql
from tests.promotions.rows import a_batch, a_block, a_nobody, a_recipient, a_redemption_hold, a_step, a_threshold, an_alarm

pytestmark = pytest.mark.django_db


# History


def a_drafted_campaign():
    return a_campaign(is_live=False, slices=1)


def a_drafted_budget():
    return a_drafted_campaign().budget


def a_drafted_type():
    return a_coupon_type(is_live=False)


def a_drafted_entry():
    return an_entry(is_open=False)


EVENT_MODELS = [m for m in apps.get_app_config("promotions").get_models() if hasattr(m, "pgh_tracked_model")]


def everything_happens_once():
    """Something of every tracked model is written."""
    token = a_token()
    take_out(token.batch, kind="csv", first=0, last=0, reason="printer", by=the_asker(), at=NOON)
    revoke_token(token, by=the_asker(), reason="lost", at=NOON)
    a_block()
    an_alarm()
    a_scope_line()
    some_hours()
    a_void(a_grant())
    a_nobody()
    a_recipient()
    a_step()
    a_redemption_hold()
    Coupon.objects.filter(pk=a_coupon().pk).update(status="voided")


def test_every_tracked_model_is_tried_here():
    everything_happens_once()
    assert [model for model in EVENT_MODELS if not model.objects.exists()] == []
    assert {Alarm, ClaimRule, ClaimToken, IdentityBlock, Threshold} <= {model.pgh_tracked_model for model in EVENT_MODELS}


@pytest.mark.parametrize("model", EVENT_MODELS, ids=lambda model: model.__name__)
def test_history_can_only_be_added_to(model):
    everything_happens_once()
    rows = list(model.objects.order_by("pgh_id").values())
    table = model._meta.db_table
    refused("Cannot update or delete", f"UPDATE {table} SET pgh_label = 'nothing happened'")
    refused("Cannot update or delete", f"DELETE FROM {table}")
    assert list(model.objects.order_by("pgh_id").values()) == rows


@pytest.mark.parametrize(
    "make",
    [a_drafted_campaign, a_drafted_type, a_drafted_entry, a_batch, a_threshold, a_nobody, a_drafted_budget],
    ids=lambda make: make.__name__,
)
def test_raw_sql_leaves_its_trace_too(make):
    obj = make()
    column = next(
        f.column
        for f in obj._meta.concrete_fields
        if f.get_internal_type() in {"CharField", "DecimalField"} and f.column != "status"
    )
    value = "7" if obj._meta.get_field(column).get_internal_type() == "DecimalField" else "'ABC'"
    if column in {"identity", "metric", "channel", "kind"}:
        value = f"'{getattr(obj, column)}x'"
    before = obj.events.count()
    statement = set_in(obj, f'"{column}" = {value}')
    if column == "amount":
        statement += f"; UPDATE promotions_budgetslice SET amount = {value} WHERE budget_id = {obj.pk}"
    sql(statement)
    assert obj.events.count() == before + 1
    assert obj.events.order_by("pgh_id").last().pgh_label == "update"


def test_a_token_that_is_used_leaves_no_event_and_one_that_is_revoked_does():
    token = a_token(uses=3)
    a_coupon(token=token)
    assert not token.events.exists()
    revoke_token(token, by=the_asker(), reason="photographed", at=NOON + DAY)
    (event,) = token.events.all()
    assert (event.revoked_at, event.pgh_context.metadata["reason"]) == (NOON + DAY, "photographed")
