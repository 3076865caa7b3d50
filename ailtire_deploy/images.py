"""What images are called, and the digests under which their tags were found when they were first asked for.

A revision's ``digests`` give for each image of the stack the digest that its tag stood for, "" where nothing
was found out and the tag itself counts; ``below`` has the same for each stack below, by its path from there.
What is recorded is not asked for again, so that the same definition means the same containers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath

HUB = "docker.io"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
Digests = Mapping[str, str]
Tree = Mapping[StackPath, Digests]


def host(image: str) -> str:
    """The registry that an image names; without one it is Docker's own."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else HUB


def tagged(image: str) -> str:
    """An image without tag or digest is the one tagged ``latest``."""
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"


def pinned(image: str, digests: Digests) -> str:
    """The image as services name it: by tag and digest, as far as the digest is known."""
    found = digests.get(image)
    return f"{tagged(image)}@{found}" if found else image


def without_digest(image: str) -> str:
    """The part of a reference that a person can read."""
    return image.partition("@")[0]


def used(stacks: Mapping[StackPath, Stack]) -> dict[StackPath, tuple[str, ...]]:
    """The images of each stack of a tree."""
    return {path: tuple(sorted({each.image for each in stack.services})) for path, stack in stacks.items()}


def recorded(body: Mapping[str, Any], path: StackPath) -> dict[StackPath, Digests]:
    """What a revision's body says about the stack at ``path`` and those below."""
    below = ((StackPath((*path.parts, *key.split("/"))), each) for key, each in body.get("below", {}).items())
    return {path: body.get("digests", {}), **dict(below)}


def in_body(tree: Tree, path: StackPath) -> dict[str, Any]:
    """The part of a revision's body that ``recorded`` reads; nothing where there are no images."""
    depth = len(path.parts)
    below = {
        "/".join(at.parts[depth:]): dict(each)
        for at, each in sorted(tree.items())
        if each and at != path and path.covers(at)
    }
    own = dict(tree.get(path, {}))
    return {**({"digests": own} if own else {}), **({"below": below} if below else {})}


def are_whole(body: Mapping[str, Any]) -> bool:
    """Whether what a body says about images has the form in which it is written."""
    below = body.get("below", {})
    maps = [body.get("digests", {}), *(below.values() if isinstance(below, dict) else [None])]
    return all(isinstance(each, dict) and _all_digests(each.values()) for each in maps)


def _all_digests(found: Iterable[Any]) -> bool:
    return all(isinstance(each, str) and (not each or DIGEST.fullmatch(each)) for each in found)


def ever(trees: Iterable[Tree]) -> dict[str, str]:
    """All digests that were ever recorded, by image; the trees come newest first."""
    found: dict[str, str] = {}
    for tree in trees:
        for each in tree.values():
            found |= {image: digest for image, digest in each.items() if digest and image not in found}
    return found


def hosts(images: Iterable[str]) -> frozenset[str]:
    """The registries that images name."""
    return frozenset(map(host, images))


@dataclass(frozen=True, slots=True)
class Settling:
    """From what was recorded to what shall be: which images have to be asked for, and what then counts.

    ``before`` is what the newest revision says; ``again`` asks for every image anew. At the registries of
    ``fresh`` somebody has logged in since: they are asked once more for what they did not tell.
    """

    wanted: Mapping[StackPath, tuple[str, ...]]
    before: Tree = field(default_factory=dict)
    again: bool = False
    fresh: frozenset[str] = frozenset()

    def open(self) -> frozenset[str]:
        """The images to ask for. One with a digest of its own never is."""
        found = {(path, image) for path, images in self.wanted.items() for image in images}
        return frozenset(
            image
            for path, image in found
            if "@" not in image and (self.again or self._is_open(self._known(path, image), image))
        )

    def _is_open(self, known: str | None, image: str) -> bool:
        return known is None or (not known and host(image) in self.fresh)

    def settled(self, answers: Digests, earlier: Digests) -> dict[StackPath, Digests]:
        """The digests of the whole tree: ``answers`` are what registries told just now, ``earlier`` what
        older revisions knew, for when none answers.
        """
        return {
            path: {image: self._digest(path, image, answers, earlier) for image in images}
            for path, images in self.wanted.items()
            if images
        }

    def _digest(self, path: StackPath, image: str, answers: Digests, earlier: Digests) -> str:
        if image in answers:
            return answers[image]
        known = self._known(path, image)
        return earlier.get(image, "") if known is None else known

    def _known(self, path: StackPath, image: str) -> str | None:
        """What was recorded for an image: at this stack, else anywhere in the tree."""
        own = self.before.get(path, {}).get(image)
        return next(self._elsewhere(image), None) if own is None else own

    def _elsewhere(self, image: str) -> Iterator[str]:
        return (each[image] for _, each in sorted(self.before.items()) if image in each)
