"""How many claims a running site decides in a second, over real HTTP.

    HOLDFAST_API_KEY=hf… python benchmarks/claim_http.py --type SPRING-10 --entry SPRING-10-APP

Each attempt is another customer's. Prints the rate, how long answers took, and what was answered. Only the standard library.
"""

import argparse
import http.client
import json
import os
import secrets
import threading
import time
from collections import Counter
from urllib.parse import urlsplit


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--type", required=True, help="the coupon type's code")
    parser.add_argument("--entry", required=True, help="the entry's code")
    parser.add_argument("--channel", default="app")
    parser.add_argument("--attempts", type=int, default=6_400)
    parser.add_argument("--callers", type=int, default=64, help="connections, each kept open")
    return parser.parse_args()


def claim(line: http.client.HTTPConnection, asked: argparse.Namespace) -> tuple[int, float]:
    """One claim by a new customer: its status, and how many seconds its answer took."""
    body = {
        "coupon_type": asked.type,
        "channel": asked.channel,
        "entry": asked.entry,
        "customer": {"ref": f"bench-{secrets.token_hex(8)}", "verified": True},
        "device": secrets.token_hex(8),
        "ip": "203.0.113.7",
    }
    headers = {
        "Authorization": f"Api-Key {os.environ['HOLDFAST_API_KEY']}",
        "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(16),
    }
    begun = time.perf_counter()
    line.request("POST", "/api/v1/claims/", json.dumps(body).encode(), headers)
    response = line.getresponse()
    response.read()
    return response.status, time.perf_counter() - begun


def claim_by_many(asked: argparse.Namespace) -> tuple[list[tuple[int, float]], float]:
    """Every attempt's answer, and how many seconds they took together."""
    address = urlsplit(asked.url)
    together, answers = threading.Barrier(asked.callers + 1), []

    def call(attempts: int) -> None:
        line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        line.connect()
        together.wait()
        answers.extend([claim(line, asked) for _ in range(attempts)])

    shares = [asked.attempts // asked.callers + (n < asked.attempts % asked.callers) for n in range(asked.callers)]
    threads = [threading.Thread(target=call, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    together.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - begun


def main() -> None:
    asked = read_arguments()
    answers, seconds = claim_by_many(asked)
    waits = sorted(wait for _, wait in answers)
    parts = ", ".join(f"p{part} {1000 * waits[len(waits) * part // 100]:.0f} ms" for part in (50, 95, 99))
    print(f"{len(answers)} claims by {asked.callers} callers in {seconds:.1f} s: {len(answers) / seconds:.0f}/s; {parts}")
    for status, count in sorted(Counter(status for status, _ in answers).items()):
        print(f"  {status}: {count}")


if __name__ == "__main__":
    main()
