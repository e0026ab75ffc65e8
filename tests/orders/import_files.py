"""What tests of imports stand on."""

from dataclasses import replace
from io import BytesIO
from typing import Any

from backoffice.lib.jobs import run_job
from orders.models import OrderImport
from orders.services.importing import check_import, load_import, read_file, settings_of
from tests.promotions.factories import NOON, the_asker

HEAD = "order,date,customer,sku,quantity,price\n"


def a_file(*rows: str, head: str = HEAD, name: str = "old.csv") -> OrderImport:
    return read_file(BytesIO((head + "".join(f"{row}\n" for row in rows)).encode()), name=name, by=the_asker(), at=NOON)


def checked(found: OrderImport, **settings: Any) -> OrderImport:
    asked = replace(settings_of(found), **{"source": "old-shop", **settings})
    found = check_import(found, settings=asked, by=the_asker(), at=NOON)
    run_job(found.check_job_id, now=lambda: NOON)
    found.refresh_from_db()
    return found


def asked_to_load(found: OrderImport) -> OrderImport:
    return load_import(found, by=the_asker(), reason="history", at=NOON)


def loaded(found: OrderImport) -> OrderImport:
    found = asked_to_load(found)
    run_job(found.job_id, now=lambda: NOON)
    found.refresh_from_db()
    return found


def problems_of(found: OrderImport) -> dict[int, str]:
    return dict(found.rows.exclude(problem="").values_list("number", "problem"))
