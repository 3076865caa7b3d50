"""A service that speaks all that gateways carry: HTTP, events, WebSockets, HTTP/2 without TLS, and bare TCP.

``speaking.py [HTTP-PORT TCP-PORT H2C-PORT]``. Needs nothing but Python, so it runs in any container with it.
"""

import json
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


class Web(BaseHTTPRequestHandler):
    """Tells what arrived; ``/…events?gap=S`` tells two events S seconds apart; an upgrade becomes an echo."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self.upgrade()
        elif urlsplit(self.path).path.endswith("/events"):
            self.events(float(parse_qs(urlsplit(self.path).query)["gap"][0]))
        else:
            self.tell()

    def tell(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = {"path": self.path, "headers": headers, "hostname": socket.gethostname()}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def events(self, gap: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(b"data: first\n\n")
        time.sleep(gap)
        self.chunk(b"data: second\n\n")
        self.chunk(b"")

    def chunk(self, piece: bytes) -> None:
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def upgrade(self) -> None:
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Sec-WebSocket-Accept", "s3pPLBMxiTxaK9kYGzzhZRbK+xOo=")
        self.end_headers()
        for line in self.rfile:
            self.wfile.write(line)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


class Bare(StreamRequestHandler):
    """Sends back each line as it came."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class Calls(StreamRequestHandler):
    """HTTP/2 as gRPC uses it: sends back each piece as it comes, ``wait S`` after S seconds, and ends with
    trailers. What a header says it cannot read.
    """

    def handle(self) -> None:
        if self.rfile.read(len(PREFACE)) != PREFACE:
            return
        self.send(SETTINGS, 0, 0)
        while head := self.rfile.read(9):
            length, stream = int.from_bytes(head[:3], "big"), int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            self.take(head[3], head[4], stream, self.rfile.read(length))

    def take(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.send(kind, ACK, 0, body if kind == PING else b"")
        elif kind == HEADERS:
            self.send(HEADERS, END_HEADERS, stream, b"\x88" + field("content-type", "application/grpc"))
        elif kind == DATA and body:
            time.sleep(float(body[5:]) if body.startswith(b"wait ") else 0)
            self.send(DATA, 0, stream, body)
            for each in (0, stream):
                self.send(WINDOW_UPDATE, 0, each, struct.pack(">I", len(body)))
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.send(HEADERS, END_HEADERS | END_STREAM, stream, field("grpc-status", "0"))

    def send(self, kind: int, flags: int, stream: int, body: bytes = b"") -> None:
        self.wfile.write(
            len(body).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + body
        )


def field(name: str, value: str) -> bytes:
    """A header field that is told as it is and remembered by nobody (RFC 7541, 6.2.2)."""
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Plain(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    http, bare, calls = (int(each) for each in sys.argv[1:]) if sys.argv[1:] else (8080, 7000, 50051)
    for port, handler in ((bare, Bare), (calls, Calls)):
        Thread(target=Plain(("", port), handler).serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", http), Web).serve_forever()
