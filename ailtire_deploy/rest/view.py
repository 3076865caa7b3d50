"""The page for people: its files, which anybody may have, and which other sites may show it.

The files are the same at every address and tell nothing about any stack, so they need no token; what the
page shows it asks for with the token of whoever looks at it. A browser lets the pages of another site read
answers only when these name that site, which they do for the origins of the root's definition and no others;
cookies are never asked for, so there is nothing that such a site could use in somebody's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from ailtire_deploy import assets
from ailtire_deploy.rest.messages import Answer, Request

FOLDER = "view"
SHELL = "index.html"
KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
FILES = frozenset(assets.listing(FOLDER)) - {SHELL}
LENGTH = 1024  # characters of an address
ADDRESS = re.compile(r"/_admin/(?:children/[a-z0-9-]{1,63}/)*(view(?:/[a-z]+\.[a-z]+)?)\Z", re.A)
ALLOWED = "Authorization, Content-Type, Idempotency-Key"  # what a page may send
EXPOSED = "Location, Retry-After"  # what it may read beside the body

# Nothing comes from elsewhere, no script or style stands in the page, and no text can become either.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "frame-ancestors "
)


def name(path: str) -> str:
    """What of the page an address means, wherever it is mounted; "" for none of it."""
    found = ADDRESS.search(path) if len(path) <= LENGTH else None
    return found[1] if found else ""


def shell(origins: Collection[str]) -> Answer:
    """The page before anybody said who they are."""
    policy = POLICY + (" ".join(sorted(origins)) or "'none'")
    headers = {"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"}
    return _file(SHELL, headers)


def file(name: str) -> Answer:
    """A script or the style of the page, by a name from ``FILES``."""
    return _file(name, {})


def kind(name: str) -> str:
    """The content type of one of the files."""
    return f"{KINDS[name.rpartition('.')[2]]}; charset=utf-8"


def _file(name: str, headers: dict[str, str]) -> Answer:
    return Answer(200, assets.text(FOLDER, name).encode(), kind(name), headers)


def preflight(request: Request, origins: Callable[[], Collection[str]]) -> Answer | None:
    """The answer to a browser that asks whether a page of another site may make a call; None is no."""
    asked = request.method == "OPTIONS" and request.origin and request.asks in ("GET", "HEAD", "POST")
    if not asked or "/_admin/" not in request.path or request.origin not in origins():
        return None
    return Answer(
        204,
        b"",
        "text/plain",
        {
            "Access-Control-Allow-Methods": "GET, HEAD, POST",
            "Access-Control-Allow-Headers": ALLOWED,
            "Access-Control-Max-Age": "600",
        },
    )


def shared(answer: Answer, request: Request, origins: Callable[[], Collection[str]]) -> Answer:
    """The same answer, readable for the page that asked if its site is one of the origins."""
    if not request.origin or "/_admin/" not in request.path or request.origin not in origins():
        return answer
    headers = {
        "Access-Control-Allow-Origin": request.origin,
        "Access-Control-Expose-Headers": EXPOSED,
        "Vary": "Origin",
    }
    return replace(answer, headers={**answer.headers, **headers})
