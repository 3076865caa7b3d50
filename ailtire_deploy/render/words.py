"""What a proxy answers by itself: short words of ours, or pages of the definition, which go into files.

A page, or what is said about maintenance, is anybody's text. It never becomes a part of a configuration: it
stands in a file of its own, whose name is made of its content, and the proxy sends that file as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ailtire_deploy import assets
from ailtire_deploy.model import Closed, Page, Stack
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.templating.pages import page as rendered

AGAIN = 5  # seconds after which it is worth asking again for what has no server yet
LATER = 60  # the same for what is being maintained
WANTS_HTML = " { var(txn.page) -m found }"
MAINTAINED = "this is being maintained; try again later"
SAYS = {
    400: "this request cannot be understood",
    403: "not from there",
    404: "nothing here",
    408: "the request took too long to come",
    413: "too large",
    500: "the gateway failed",
    502: "what the service answered makes no sense",
    503: "nothing serves this just now; try again in a moment",
    504: "the service did not answer in time",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What is answered with a status: ``text``, or the content of ``file``, which is of ``type``.

    ``after`` is in how many seconds to ask again, 0 for nothing said about that; ``only`` a condition of the
    proxy's on the caller.
    """

    status: int
    text: str
    after: int = 0
    file: str = ""
    type: str = "text/plain"
    only: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of maintenance to whom: the first of ``said`` that is for a caller.

    ``allow`` are the ranges of those who come in all the same.
    """

    allow: tuple[str, ...]
    said: tuple[Words, ...]


def answers(own: Mapping[int, Page]) -> list[Words]:
    """What a stack's proxies answer, by status; ``own`` are the pages of its definition."""
    return [_answer(status, text, own.get(status)) for status, text in SAYS.items()]


def _answer(status: int, text: str, page: Page | None) -> Words:
    after = AGAIN if status == 503 else 0
    return _filed(status, page, after) if page else Words(status, text, after)


def _filed(status: int, page: Page, after: int) -> Words:
    return Words(status, "", after, file_of(page), f"{narrow('media type', page.type)}; charset=utf-8")


def file_of(page: Page) -> str:
    """A page's file: other content is another name."""
    digest = hashlib.sha256(page.content).hexdigest()[:12]
    return narrow("file", f"page-{digest}.{page.type.rpartition('/')[2]}")


def told(closed: Closed, own: Page | None = None) -> Told:
    """What callers of a closed route are told: the message, else the stack's own page for 503."""
    allow = tuple(narrow("subnet", each) for each in closed.allow)
    if closed.message:
        html, plain = (_filed(503, each, LATER) for each in messages(closed))
        return Told(allow, (replace(html, only=WANTS_HTML), plain))
    return Told(allow, (_filed(503, own, LATER) if own else Words(503, MAINTAINED, LATER),))


def messages(closed: Closed) -> tuple[Page, Page]:
    """A message as HTML, in which it is text, and as plain text."""
    page = rendered(assets.template("closed.html.j2"), message=closed.message)
    return Page(page.encode()), Page(f"{closed.message}\n".encode(), "text/plain")


def files(stack: Stack) -> dict[str, bytes]:
    """The pages of a stack's gateway as files."""
    said = (each for closed in stack.maintenance.values() if closed.message for each in messages(closed))
    return {file_of(page): page.content for page in (*stack.gateway.errors.values(), *said)}


def edge_files(stack: Stack) -> list[str]:
    """The names of those that the edge sends, too."""
    return sorted({file_of(page) for page in stack.gateway.errors.values()})
