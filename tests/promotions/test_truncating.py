"""A ledger is not emptied. Tests clean up by TRUNCATE, so they switch this off; here it is switched on again."""

import pgtrigger
import pytest
from django.apps import apps

from promotions.models import Claim, Coupon, Redemption
from tests.promotions.rawsql import refused, sql

pytestmark = pytest.mark.django_db

# claims_are_never_truncated, coupons_are_never_truncated, redemptions_are_never_truncated, events_are_never_truncated
KEPT = [(model, trigger) for model, trigger in pgtrigger.registered() if trigger.name.endswith("_never_truncated")]


@pytest.mark.parametrize(("model", "trigger"), KEPT, ids=[model.__name__ for model, _ in KEPT])
def test_a_ledger_is_never_emptied(model, trigger):
    sql(f'ALTER TABLE "{model._meta.db_table}" ENABLE TRIGGER {trigger.get_pgid(model)}')
    refused("never emptied", f'TRUNCATE "{model._meta.db_table}" CASCADE')


def test_every_ledger_and_every_history_is_kept():
    kept = {model for model, _ in KEPT}
    assert {Claim, Coupon, Redemption} <= kept
    assert {model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")} <= kept
