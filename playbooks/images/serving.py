"""A small HTTP server for the example images: one thread a request, and no request lost when it has to go.

On SIGTERM it serves on for `DRAIN_SECONDS` (2 unless set), while the proxies in front still learn that it
leaves; then it takes no more connections, finishes what it began, and returns.
"""

import json
import os
import re
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PORT = 8080
BODY_LIMIT = 16 * 1024


class BadBody(Exception):
    """The request's body cannot be taken; `status` says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """A request; subclasses answer it in `do_GET` and its like."""

    timeout = 30
    unlogged: frozenset[str] = frozenset()

    def reply(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, status: int, value: object) -> None:
        self.reply(status, json.dumps(value).encode() + b"\n", "application/json")

    def body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch("[0-9]{1,9}", length):
            raise BadBody(411, "the length of the body must be given")
        if int(length) > BODY_LIMIT:
            raise BadBody(413, f"the body may have {BODY_LIMIT} bytes")
        return self.rfile.read(int(length))

    def log_request(self, code: object = "-", size: object = "-") -> None:
        if getattr(self, "path", "") not in self.unlogged or code != 200:
            print(json.dumps(self.requestline)[1:-1], int(code), flush=True)

    def log_error(self, format: str, *args: object) -> None:
        print(json.dumps(format % args)[1:-1], flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: tuple[str, int]) -> None:
        """A client that went away is worth a line, not a traceback."""
        print(f"{client_address[0]}: {sys.exception()!r}", flush=True)


def serve(handler: type[Handler]) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(("", PORT), handler)

    def drain() -> None:
        time.sleep(float(os.environ.get("DRAIN_SECONDS", "2")))
        server.shutdown()

    def leave(number: int, _frame: object) -> None:
        print(f"{signal.Signals(number).name}: draining", flush=True)
        Thread(target=drain).start()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    print(f"listening on port {PORT}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
