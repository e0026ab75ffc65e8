"""A freeze under `kill -9`: python -m tests.orders.chaos_kills ORDERS KILLS CHUNK SEED. Prints what came of it as JSON.

The same number of orders is frozen twice: undisturbed, for the clean time (from the first lease, without the
worker's start), and with so many kills, spread over its progress.
"""

import json
import sys
from random import Random
from typing import Any

from tests.orders.chaos import VICTIMS, site
from tests.orders.chaos_follow import follow, spread


def main(orders: int, kills: int, chunk: int, seed: int) -> dict[str, Any]:
    with site() as made:
        import django

        django.setup()
        from tests.orders import chaos_story as story

        story.prepare(orders)
        made.run(CHAOS_CHUNK=str(chunk))
        clean = story.approved_freeze(story.CLEAN)
        follow(made, lambda: story.progress(clean.job_id))
        clean_seconds = story.seconds_of_work(clean.job_id)
        freeze = story.approved_freeze(story.DISTURBED)
        victims = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
        plan = spread(victims, orders, Random(seed))
        seen = follow(made, lambda: story.progress(freeze.job_id), plan)
        return {
            "kills": len(victims),
            "killed": {victim: victims.count(victim) for victim in VICTIMS},
            "clean_seconds": clean_seconds,
            "seconds": seen.seconds,
            "ran_backwards": seen.ran_backwards,
            "deaths_unasked": made.deaths,
            **story.outcome(freeze),
        }


if __name__ == "__main__":
    print(json.dumps(main(*(int(word) for word in sys.argv[1:5]))))
