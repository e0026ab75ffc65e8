"""Many callers in one process of its own: each keeps one connection open and sends its next request when it has its answer.

    echo '{"port": 8000, ...}' | python -m benchmarks.load

Reads a job and writes what came of it, both as JSON. Requests are texts made ahead, answers are kept as they came and read when the
time is over, so that this process takes little of the two cores: about 30 microseconds a request. Only the standard library.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Caller:
    """One connection, and the answer that is coming in on it."""

    line: socket.socket
    sent_at: float = 0.0
    wanted: int = 0
    parts: list[bytes] = field(default_factory=list)

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.parts, self.wanted = [], 0
        self.line.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer, once it is there."""
        part = self.line.recv(65536)
        if not part:
            raise ConnectionError("the server ended a connection that was to stay open")
        self.parts.append(part)
        answer = b"".join(self.parts) if len(self.parts) > 1 else part
        if not self.wanted:
            head = answer.find(b"\r\n\r\n")
            if head < 0:
                return None
            self.wanted = head + 4 + int(LENGTH.search(answer, 0, head)[1])  # type: ignore[index]
        return answer if len(answer) >= self.wanted else None


def call(port: int, callers: int, seconds: float, requests: list[bytes]) -> dict[str, Any]:
    """Send requests for so many seconds, or until there are no more; wait for the last answers."""
    selector = selectors.DefaultSelector()
    waiting = iter(requests)
    waits, answers = [], []
    lines = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(callers)]
    began = time.perf_counter()
    busy = 0
    for line, request in zip(lines, waiting, strict=False):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(line)
        selector.register(line, selectors.EVENT_READ, caller)
        caller.send(request)
        busy += 1
    until = began + seconds
    while busy:
        for key, _ in selector.select():
            caller = key.data
            answer = caller.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            waits.append(now - caller.sent_at)
            answers.append(answer)
            request = next(waiting, None) if now < until else None
            if request is None:
                busy -= 1
            else:
                caller.send(request)
    took = time.perf_counter() - began
    for line in lines:
        line.close()
    return {
        "seconds": took,
        "waits": waits,
        "statuses": Counter(answer[9:12].decode() for answer in answers),
        "bodies": [answer.partition(b"\r\n\r\n")[2].decode() for answer in answers],
    }


def encoded(job: dict[str, Any]) -> list[bytes]:
    """The requests of a job, as they go out."""
    head = (
        f"POST {job['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Api-Key {job['secret']}\r\nContent-Type: application/json\r\n"
    )
    made = []
    for number, body in enumerate(job["bodies"]):
        text = json.dumps(body)
        made.append(f"{head}Idempotency-Key: {job['name']}-{number}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    return made


def main() -> None:
    job = json.load(sys.stdin)
    json.dump(call(job["port"], job["callers"], job["seconds"], encoded(job)), sys.stdout)


if __name__ == "__main__":
    main()
