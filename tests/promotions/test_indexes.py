"""Each index of a table that claims write costs every claim. None is kept that another one answers for."""

import pytest
from django.db import connection

WRITTEN_BY_A_CLAIM = (
    "promotions_claim",
    "promotions_coupon",
    "promotions_customer",
    "promotions_ruleuse",
    "promotions_entryslice",
    "promotions_coupontypeslice",
    "promotions_budgetslice",
    "lib_idempotencyrecord",
)
# Plain indexes whose columns begin another whole index of the same table.
COVERED = """
SELECT a.indexrelid::regclass::text FROM pg_index a JOIN pg_index b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
 WHERE a.indrelid = ANY (%s::regclass[]) AND NOT a.indisunique AND a.indpred IS NULL AND b.indpred IS NULL
   AND b.indkey::text || ' ' LIKE a.indkey::text || ' %%'
"""


def covered() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(COVERED, [list(WRITTEN_BY_A_CLAIM)])
        return sorted(name for (name,) in cursor.fetchall())


@pytest.mark.django_db
def test_no_index_of_the_claims_tables_begins_another_one():
    assert covered() == []


@pytest.mark.django_db
def test_one_that_does_is_found():
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX idempotency_by_caller ON lib_idempotencyrecord (api_key_id)")
    assert covered() == ["idempotency_by_caller"]
