"""What registries say about images, asked by way of the engine: it has the network, the certificates, the
mirrors.

No registry that answers is no failure: a tag is then taken as it is. So each is asked once, all at the same
time, and none for long.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from ailtire_deploy import images
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.ports import Tagged

PATIENCE = 5.0  # seconds; docker.io takes one or two
AT_ONCE = 8
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


def ask(wire: Wire, asked: Collection[str], credentials: Credentials) -> dict[str, Tagged]:
    """What each tag stands for now, as far as a registry says. Raises nothing."""
    if not asked:
        return {}
    headers = {image: header(image, credentials) for image in sorted(asked)}
    with ThreadPoolExecutor(min(AT_ONCE, len(headers)), "registry") as pool:
        answers = pool.map(lambda image: _one(wire, image, headers[image]), headers)
        return dict(zip(headers, answers, strict=True))


def _one(wire: Wire, image: str, headers: Mapping[str, str]) -> Tagged:
    try:
        said = wire.ask(f"/distribution/{image}/json", PATIENCE, headers)
        found = str(said["Descriptor"]["digest"])
    except AiltireError as error:
        words = str(error)
        return Tagged("", words, any(each in words.lower() for each in REFUSALS))
    except (KeyError, TypeError):
        return Tagged("", "the engine's answer has no digest")
    return (
        Tagged(found) if images.DIGEST.fullmatch(found) else Tagged("", f"a digest of another kind: {found}")
    )
