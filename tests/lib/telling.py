"""A receiver of webhooks for tests: a real server on this machine that answers what it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backoffice.lib.models import WebhookEndpoint
from backoffice.lib.webhooks import make_webhook
from tests.promotions.factories import NOON, number, the_asker


@dataclass
class Receiver:
    """`answers` are the status codes it gives in turn; the last one is given for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def a_receiver(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(answers=list(answers) or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
            receiver.paths.append(self.path)
            status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?from=holdfast"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_webhook(url: str = "https://example.com/hook", *wants: str) -> tuple[WebhookEndpoint, str]:
    return make_webhook(name=f"hook{number()}", url=url, wants=list(wants or ("test",)), by=the_asker(), at=NOON)
