"""Pages of a gateway's own: how they are read, and what a page may not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.definition import forms
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.model import Page

LIMIT = 8 * 1024  # bytes: an answer has to fit into one of the proxy's buffers of 16 KiB
FORMS = ("file", "content", "base64")


def pages(gateway: Mapping[str, Any]) -> dict[int, Page]:
    """The pages of a gateway by status, in a definition without findings."""
    given = section(gateway, "errors")
    return {
        int(code): Page(forms.content(each), each.get("type", "text/html"))
        for code, each in sorted(given.items())
    }


def findings(draft: Draft) -> Iterator[Finding]:
    """Pages that are none, too large, or no text."""
    for code, page in section(section(draft.data, "gateway"), "errors").items():
        if isinstance(page, Mapping):
            yield from _findings(("gateway", "errors", code), page)


def _findings(path: Path, page: Mapping[str, Any]) -> Iterator[Finding]:
    given = [form for form in FORMS if form in page]
    if len(given) != 1:
        yield Finding(path, "takes exactly one of file, content, base64")
    elif "file" in page:
        yield Finding((*path, "file"), "a file cannot be read here", "send a bundle, which holds the content")
    else:
        yield from _content((*path, given[0]), page)


def _content(path: Path, page: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        content = forms.content(page)
        content.decode()
    except (forms.Malformed, UnicodeDecodeError):
        yield Finding(path, "is no text in UTF-8")
        return
    if not 0 < len(content) <= LIMIT:
        yield Finding(path, f"has {len(content)} bytes; a page has from 1 to {LIMIT}")
