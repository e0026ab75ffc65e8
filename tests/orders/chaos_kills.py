"""A freeze under `kill -9`: python -m tests.orders.chaos_kills ORDERS KILLS CHUNK SEED. Prints what came of it as JSON.

The same number of orders is frozen twice: undisturbed, for the clean time (from the first lease, without the
worker's start), and with so many kills, spread over its progress.
"""

import json
import random
import sys
import time
from typing import Any

from tests.orders.chaos import VICTIMS, Site, site

LONGEST_WAIT = 900  # seconds


def main(orders: int, kills: int, chunk: int, seed: int) -> dict[str, Any]:
    with site() as made:
        import django

        django.setup()
        from tests.orders import chaos_story as story

        story.prepare(orders)
        made.run(CHAOS_CHUNK=str(chunk))
        clean = story.approved_freeze(story.CLEAN)
        follow(made, clean, [], orders)
        clean_seconds = story.seconds_of_work(clean)
        freeze = story.approved_freeze(story.DISTURBED)
        luck = random.Random(seed)
        victims = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
        luck.shuffle(victims)
        moments = sorted(luck.randrange(int(orders * 0.9)) for _ in victims)
        plan = [(moment, luck.random() * 0.4, victim) for moment, victim in zip(moments, victims, strict=True)]
        seconds, seen = follow(made, freeze, plan, orders)
        return {
            "kills": len(victims),
            "killed": {victim: victims.count(victim) for victim in VICTIMS},
            "clean_seconds": clean_seconds,
            "seconds": seconds,
            "ran_backwards": seen["ran_backwards"],
            "deaths_unasked": made.deaths,
            **story.outcome(freeze),
        }


def follow(made: Site, freeze: Any, plan: Any, total: int) -> tuple[float, dict[str, Any]]:
    """Watch the job to its end and kill by plan: (done at least, seconds after that, victim). Answers how long it took."""
    from tests.orders import chaos_story as story

    begun, seen, left = time.monotonic(), {"done": 0, "ran_backwards": False}, list(plan)
    while time.monotonic() - begun < LONGEST_WAIT:
        made.look_after()
        progress = story.progress(freeze)
        if progress is not None:
            seen["ran_backwards"] |= progress[0] < seen["done"]
            seen["done"] = max(seen["done"], progress[0])
            if progress[1] in ("done", "failed", "cancelled") and not left:
                return time.monotonic() - begun, seen
        if left and seen["done"] >= left[0][0]:
            _, pause, victim = left.pop(0)
            time.sleep(pause)
            made.kill(victim)
            print(f"{time.monotonic() - begun:6.1f} s, {seen['done']:>7} done: killed {victim}", file=sys.stderr, flush=True)
        time.sleep(0.05)
    raise SystemExit(f"After {LONGEST_WAIT} s the job had done {seen['done']} of {total}")


if __name__ == "__main__":
    print(json.dumps(main(*(int(word) for word in sys.argv[1:5]))))
