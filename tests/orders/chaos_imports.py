"""An import under `kill -9`: python -m tests.orders.chaos_imports LINES KILLS CHUNK SEED. Prints what came of it as JSON.

Half of the kills are spread over the check of the file, half over its loading.
"""

import json
import sys
from random import Random
from typing import Any

from tests.orders.chaos import VICTIMS, site
from tests.orders.chaos_follow import follow, spread


def main(lines: int, kills: int, chunk: int, seed: int) -> dict[str, Any]:
    with site() as made:
        import django

        django.setup()
        from tests.orders import chaos_invoices as invoices
        from tests.orders import chaos_story as story

        story.migrate()
        story.make_staff()
        expected = invoices.expected(lines)
        found = invoices.a_read_file(lines)
        made.run(CHAOS_CHUNK=str(chunk))
        victims, luck = [VICTIMS[n % len(VICTIMS)] for n in range(kills)], Random(seed)
        check, load = victims[: kills // 2], victims[kills // 2 :]
        job = invoices.begin_check(found)
        checking = follow(made, lambda: story.progress(job), spread(check, lines, luck))
        job = invoices.begin_load(found)
        loading = follow(made, lambda: story.progress(job), spread(load, expected["invoices"], luck))
        return {
            "killed": {victim: victims.count(victim) for victim in VICTIMS},
            "check_seconds": checking.seconds,
            "load_seconds": loading.seconds,
            "ran_backwards": checking.ran_backwards or loading.ran_backwards,
            "expected": expected,
            "outcome": invoices.outcome(found),
        }


if __name__ == "__main__":
    print(json.dumps(main(*(int(word) for word in sys.argv[1:5]))))
