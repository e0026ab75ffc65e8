"""The statements of a claim under pgbench: what the database alone would do, with nothing of ours around it.

They are written down while a claim is decided in this process, exchange by exchange, so they are the very ones that gunicorn sends.
What makes a claim somebody's own (his reference, the coupon's code, the idempotency key) is drawn anew for each transaction.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client, override_settings

from backoffice.embedded.postgres import find_binaries
from backoffice.lib import exchanges
from backoffice.lib.pipeline import PLACEHOLDER
from benchmarks.calls import claim_bodies
from benchmarks.things import Offer

Exchange = list[tuple[str, Mapping[str, Any]]]
MARK = "pgbench-own-value"
OWN = "('b' || :n::text)"
OWN_NAMES = {"code", "key"}


def run(folder: Path, offer: Offer, secret: str, *, clients: int, seconds: float) -> str:
    """pgbench's own figures in a line, or why there are none."""
    try:
        program = find_binaries() / "pgbench"
    except OSError:
        program = Path("/usr/bin/pgbench")
    if not program.exists():
        return "pgbench is not on this machine"
    script = folder / "claim.sql"
    script.write_text(written(recorded(offer, secret)))
    settings = connection.settings_dict
    env = os.environ | {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"]),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGOPTIONS": settings["OPTIONS"].get("options", ""),
    }
    argv = [program, "-n", "-M", "prepared", "-c", str(clients), "-T", str(max(1, int(seconds))), "-f", script]
    done = subprocess.run([str(part) for part in argv], env=env, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout), re.search(r"latency average = ([\d.]+)", done.stdout)
    if done.returncode or not all(found):
        return f"pgbench failed: {done.stderr.strip()[-300:]}"
    return f"the same statements under pgbench, {clients} connections: {float(found[0][1]):.0f}/s, {found[1][1]} ms each"  # type: ignore[index]


def recorded(offer: Offer, secret: str) -> list[Exchange]:
    """What one claim sends, exchange by exchange."""
    body = claim_bodies([offer], 1)[0]
    body["customer"]["ref"] = MARK
    headers = {"Authorization": f"Api-Key {secret}", "Idempotency-Key": MARK}
    with _recording() as sent, override_settings(ALLOWED_HOSTS=["*"]):
        answer = Client(headers=headers).post("/api/v1/claims/", json.dumps(body), content_type="application/json")
    if answer.status_code != 201:
        raise RuntimeError(f"the claim to be recorded was answered {answer.status_code}: {answer.content.decode()}")
    return sent


def written(sent: Sequence[Exchange]) -> str:
    """A script of pgbench's. What was sent together is sent together."""
    lines = ["\\set n random(1, 9000000000000000)"]
    for statements in sent:
        texts = [
            PLACEHOLDER.sub(lambda found, values=values: _literal(found[1], values[found[1]]), sql) for sql, values in statements
        ]
        together = len(texts) > 1
        lines += ["\\startpipeline"] * together + [f"{text.strip()};" for text in texts] + ["\\endpipeline"] * together
    return "\n".join(lines) + "\n"


def _literal(name: str, value: Any) -> str:
    if name == "lock":
        return ":n"
    if name in OWN_NAMES or value == MARK:
        return OWN
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(_literal('', item) for item in value)}]"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a") + "'"  # pgbench takes :28 for a variable


@contextmanager
def _recording() -> Iterator[list[Exchange]]:
    sent: list[Exchange] = []
    real = exchanges.exchange

    def record(raw: Any, statements: Sequence[tuple[str, Mapping[str, Any]]]) -> Any:
        sent.append(list(statements))
        return real(raw, statements)

    exchanges.exchange = record  # type: ignore[assignment]
    try:
        yield sent
    finally:
        exchanges.exchange = real
