"""What registries say about images, asked by way of the engine: it has the network, the certificates, the
mirrors.

No registry that answers is no failure: a tag is then taken as it is. So each is asked once, all at the same
time, and none for long.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ailtire_deploy import images
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.ports import Tagged

PATIENCE = 5.0  # seconds; docker.io takes one or two
SILENCE = 2.0  # seconds after which a failure says that a registry is not there
AT_ONCE = 8
REFERENCE = re.compile(
    r"[A-Za-z0-9\[][\w.:\[\]-]*(/[A-Za-z0-9][\w.:-]*)*", re.ASCII
)  # in a path of the engine's
REFUSALS = ("unauthorized", "authentication required", "denied", "no basic auth", "forbidden")
Credentials = Callable[[str], Mapping[str, str] | None]
"""What one logs in with at a registry, by its host, in the words of the engine's API."""


def nobody(host: str) -> Mapping[str, str] | None:
    """The credentials of somebody who has none."""
    return None


def header(image: str, credentials: Credentials) -> dict[str, str]:
    """The header with which the engine logs in where an image comes from; empty without credentials."""
    known = credentials(images.host(image)) if image else None
    if not known:
        return {}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(dict(known)).encode()).decode()}


def ask(
    wire: Wire, asked: Collection[str], credentials: Credentials, now: Callable[[], float] = time.monotonic
) -> dict[str, Tagged]:
    """What each tag stands for now, as far as a registry says. Raises nothing."""
    if not asked:
        return {}
    question = _Question(wire, {image: header(image, credentials) for image in sorted(asked)}, now)
    with ThreadPoolExecutor(min(AT_ONCE, len(question.headers)), "registry") as pool:
        return dict(zip(question.headers, pool.map(question, question.headers), strict=True))


@dataclass(frozen=True, slots=True)
class _Question:
    """Put to many registries at once; one that keeps a first image waiting in vain is not asked for more."""

    wire: Wire
    headers: Mapping[str, Mapping[str, str]]
    now: Callable[[], float]
    silent: set[str] = field(default_factory=set)

    def __call__(self, image: str) -> Tagged:
        if not REFERENCE.fullmatch(image):
            return Tagged("", "this is no reference of an image")
        if images.host(image) in self.silent:
            return Tagged("", f"{images.host(image)} did not answer")
        began = self.now()
        try:
            said = self.wire.ask(f"/distribution/{image}/json", PATIENCE, self.headers[image])
            found = str(said["Descriptor"]["digest"])
        except AiltireError as error:
            if self.now() - began > SILENCE:
                self.silent.add(images.host(image))
            return Tagged("", str(error), any(each in str(error).lower() for each in REFUSALS))
        except (KeyError, TypeError):
            return Tagged("", "the engine's answer has no digest")
        known = images.DIGEST.fullmatch(found)
        return Tagged(found) if known else Tagged("", f"a digest of another kind: {found[:80]}")
