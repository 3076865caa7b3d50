"""The Bottle application: one route for everything, since a child may be mounted anywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import bottle

from ailtire_deploy.rest import bodies, parameters
from ailtire_deploy.rest.messages import Answer, Request
from ailtire_deploy.rest.problems import HttpError, problem
from ailtire_deploy.rest.protocol import Controller, Stop
from ailtire_deploy.rest.surface import Surface

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def app(
    controller: Controller, *, stop: Stop | None = None, now: Callable[[], float] = time.time
) -> bottle.Bottle:
    """The WSGI application of a controller; ``stop`` ends what has no end of its own."""
    surface = Surface(controller, stop or threading.Event(), now)
    web = bottle.Bottle()
    web.default_error_handler = _error

    def everything(path: str = "") -> bottle.HTTPResponse:
        return _response(surface.answer(_request(bottle.request.environ)))

    web.route(["/", "/<path:path>"], method="ANY", callback=everything)
    return web


_HEADERS = {name: f"HTTP_{header.upper().replace('-', '_')}" for name, header in parameters.HEADERS.items()}


def _request(environ: Mapping[str, Any]) -> Request:
    """Header values as they are; ``PATH_INFO`` is decoded text already."""
    return Request(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_HOST", ""),
        environ.get("HTTP_AUTHORIZATION", ""),
        environ.get("HTTP_ACCEPT", ""),
        environ.get("CONTENT_TYPE", ""),
        {name: text for name, key in _HEADERS.items() if (text := environ.get(key)) is not None},
        environ.get("HTTP_ORIGIN", ""),
        environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", ""),
        cache(lambda: _body(environ)),
        environ.get("waitress.client_disconnected", lambda: False),
    )


def _body(environ: Mapping[str, Any]) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise HttpError(400, "Content-Length is not a number") from None
    if not 0 <= length <= bodies.LIMIT:
        raise HttpError(413, f"a body has at most {bodies.LIMIT // 1024} KiB")
    data = environ["wsgi.input"].read(length) if length else b""
    if len(data) != length:
        raise HttpError(400, "the body is shorter than was said")
    return bytes(data)


def _response(answer: Answer) -> bottle.HTTPResponse:
    headers = {**HEADERS, "Content-Type": answer.content_type, **answer.headers}
    return bottle.HTTPResponse(answer.body, answer.status, headers)


def _error(error: bottle.HTTPError) -> bytes:
    """What Bottle finds wrong by itself, in the form of all other errors."""
    if error.status_code >= 500:
        found = problem(500, "something went wrong inside the controller; its log says what")
    else:
        found = problem(error.status_code, "the request cannot be read")
    bottle.response.headers.update({**HEADERS, "Content-Type": found.content_type})
    return bytes(found.body)  # type: ignore[arg-type]
