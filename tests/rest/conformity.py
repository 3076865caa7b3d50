"""Schemathesis: requests made of the document, good and bad ones, and what has to hold of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

UNDERSTOOD = ["2xx", "403", "404", "409", "422"]  # read, and refused for what it means

LIMIT = b"a number of more than 18 digits"  # of all JSON that is read; free values have no shape to say it


@dataclass
class Finding:
    """How many requests were made, and what was wrong with the answers."""

    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


def explore(
    document: dict[str, Any],
    authorization: str,
    examples: int,
    seed: int,
    *,
    url: str,
    without: tuple[str, ...] = (),
) -> Finding:
    """Ask what is at ``url`` everything that the document allows and forbids."""
    schema = schemathesis.openapi.from_dict(
        document, config=SchemathesisConfig.from_dict(settings(authorization, examples, seed, url))
    )
    for each in without:
        schema = schema.exclude(path=each)
    found = Finding()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            take(event, found)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.wrong.append(f"error: {getattr(event, 'info', event)}")
    return found


def take(event: events.ScenarioFinished, found: Finding) -> None:
    found.requests += len(event.recorder.interactions)
    found.calls.add(event.recorder.label)
    for id, checks in event.recorder.checks.items():
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info:
                made = event.recorder.interactions[id]
                request, answer = made.request, made.response.content if made.response else b"none"
                said = check.failure_info.failure
                if LIMIT in answer:
                    continue
                told = f"{request.method} {request.uri} {request.headers} {request.body!r}: {answer!r}"
                found.wrong.append(f"{said.title}: {said.message} ({told})")


def settings(authorization: str, examples: int, seed: int, url: str) -> Mapping[str, Any]:
    return {
        "seed": seed,
        "base-url": url,
        "headers": {"Authorization": authorization},
        "continue-on-failure": True,
        "request-timeout": 20,
        "generation": {"max-examples": examples, "deterministic": False, "no-shrink": True},
        "phases": {"stateful": {"enabled": False}},
        "checks": {"positive_data_acceptance": {"expected-statuses": UNDERSTOOD}},
    }
