"""JSON that clients send: bounded, strict, and for an update in one form whatever the spelling."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from ailtire_deploy.documents import read_json
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.maintenance import Wish, wish
from ailtire_deploy.model import WHOLE
from ailtire_deploy.rest.messages import JSON, Request
from ailtire_deploy.rest.problems import HttpError
from ailtire_deploy.survey import LONGEST, PATIENCE

LIMIT = 512 * 1024
SECRET_LIMIT = 500_000  # bytes: the engine takes less than 512,000
SOURCE = "request"
_KEYS = ("parameters", "environment", "definition", "composefile", "secrets", "context")


def read(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body; none at all is an empty one. Raises HttpError 400, 413 or 415."""
    raw = request.body()
    if not raw:
        return {}
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        raise HttpError(415, f"the body has to be {JSON}")
    try:
        data = read_json(raw.decode(), SOURCE).data
        _refuse_surrogates(data)
    except UnicodeError:
        raise HttpError(400, "the body is not UTF-8 text") from None
    except InvalidInput as error:
        raise HttpError(400, error.problems[0].message) from None
    if not isinstance(data, dict):
        raise HttpError(400, "the body has to be a JSON object")
    return data


def nothing(body: Mapping[str, Any]) -> None:
    """For calls that take nothing. Raises InvalidInput when something was sent."""
    _refuse([Problem(SOURCE, 0, 0, key, "is not known here") for key in body])


def rollback(body: Mapping[str, Any]) -> int | None:
    """The number of the revision that shall be back; None leaves the choice. Raises InvalidInput."""
    _refuse([Problem(SOURCE, 0, 0, key[:80], "is not known here") for key in body if key != "revision"])
    number = body.get("revision")
    if number is not None and (type(number) is not int or number < 1):
        _refuse([Problem(SOURCE, 0, 0, "revision", "has to be the number of a revision")])
    return number


def promotion(body: Mapping[str, Any]) -> tuple[str, bool]:
    """Which service is meant, "" for all, and whether it shall go all the way. Raises InvalidInput."""
    fully = body.get("fully", False)
    if not isinstance(fully, bool):
        _refuse([Problem(SOURCE, 0, 0, "fully", "has to be true or false")])
    return service({key: value for key, value in body.items() if key != "fully"}), fully


def verification(body: Mapping[str, Any]) -> tuple[float, bool]:
    """For how many seconds answers are waited for, and whether the result is kept. Raises InvalidInput."""
    known = ("timeout", "keep")
    _refuse([Problem(SOURCE, 0, 0, key[:80], "is not known here") for key in body if key not in known])
    timeout, keep = body.get("timeout", PATIENCE), body.get("keep", True)
    if type(timeout) is not int or not 1 <= timeout <= LONGEST:
        _refuse([Problem(SOURCE, 0, 0, "timeout", f"has to be seconds, from 1 to {LONGEST}")])
    if not isinstance(keep, bool):
        _refuse([Problem(SOURCE, 0, 0, "keep", "has to be true or false")])
    return float(timeout), keep


def revocation(body: Mapping[str, Any]) -> str | None:
    """The id of a token, or None for all of them. Raises InvalidInput for neither, and for both."""
    _refuse(
        [Problem(SOURCE, 0, 0, key[:80], "is not known here") for key in body if key not in ("id", "all")]
    )
    id, everything = body.get("id"), body.get("all", False)
    if not isinstance(everything, bool) or not isinstance(id, str | None) or everything == (id is not None):
        _refuse([Problem(SOURCE, 0, 0, "id", "has to be that of one token, or `all` has to be true")])
    return id


def service(body: Mapping[str, Any]) -> str:
    """Which service is meant, "" for all. Raises InvalidInput."""
    _refuse([Problem(SOURCE, 0, 0, key[:80], "is not known here") for key in body if key != "service"])
    named = body.get("service", "")
    if not isinstance(named, str):
        _refuse([Problem(SOURCE, 0, 0, "service", "has to be text")])
    return str(named)


def maintenance(body: Mapping[str, Any]) -> Wish:
    """What shall be closed or opened. Raises InvalidInput."""
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "on": bool,
        "service": (str, type(None)),
        "message": str,
        "allow": list,
    }
    wrong = [Problem(SOURCE, 0, 0, key[:80], "is not known here") for key in body.keys() - kinds.keys()]
    wrong += [
        Problem(SOURCE, 0, 0, key, "is not what it has to be")
        for key, kind in kinds.items()
        if (key in body or key == "on") and not isinstance(body.get(key), kind)
    ]
    ranges = body.get("allow", [])
    if isinstance(ranges, list) and not all(isinstance(each, str) for each in ranges):
        wrong.append(Problem(SOURCE, 0, 0, "allow", "has to be a list of text"))
    _refuse(wrong)
    return wish(body.get("service") or WHOLE, body["on"], body.get("message", ""), ranges)


def registration(body: Mapping[str, Any]) -> tuple[str, str]:
    """Name and address of a child that says it is alive. Raises InvalidInput."""
    wrong = [key for key in ("name", "url") if not isinstance(body.get(key), str)]
    _refuse([Problem(SOURCE, 0, 0, key, "has to be text") for key in wrong])
    _refuse([Problem(SOURCE, 0, 0, key, "is not known here") for key in body if key not in ("name", "url")])
    return body["name"], body["url"]


def update(body: Mapping[str, Any], replace: bool) -> dict[str, Any]:
    """What an update asks for, as ``Controller.update`` takes it. Raises InvalidInput with every problem."""
    problems: list[Problem] = list(_strangers(body))
    wish: dict[str, Any] = {"replace": replace}
    for key, reader in _READERS:
        name = "composefile" if key == "definition" and "composefile" in body else key
        if name in body:
            wish[key] = reader(body[name], name, problems.append)
    _refuse(problems)
    return wish


def _strangers(body: Mapping[str, Any]) -> Iterator[Problem]:
    if "definition" in body and "composefile" in body:
        yield Problem(
            SOURCE, 0, 0, "composefile", "is the old name of definition; only one of them can stand there"
        )
    for key in body.keys() - set(_KEYS):
        near = get_close_matches(key, _KEYS, 1)
        yield Problem(SOURCE, 0, 0, key[:80], "is not known here", f"did you mean {near[0]}?" if near else "")


def _definition(value: Any, name: str, note: Callable[[Problem], None]) -> Any:
    if not isinstance(value, dict):
        hint = "send the JSON that `ailtire-deploy bundle FILE` prints; a controller reads no files"
        note(Problem(SOURCE, 0, 0, name, "has to be a mapping", hint))
    return value


def _pairs(value: Any, name: str, note: Callable[[Problem], None]) -> dict[str, Any]:
    """A map as it is; a list of {name, value}, as ailtire writes it, as a map."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        note(Problem(SOURCE, 0, 0, name, "has to be a map, or a list of {name, value}"))
        return {}
    found: dict[str, Any] = {}
    for index, each in enumerate(value):
        if (
            not isinstance(each, dict)
            or each.keys() != {"name", "value"}
            or not isinstance(each["name"], str)
        ):
            note(Problem(SOURCE, 0, 0, f"{name}[{index}]", "has to be {name, value}"))
        elif each["name"] in found:
            note(Problem(SOURCE, 0, 0, f"{name}[{index}]", f"{each['name'][:80]} stands there twice"))
        else:
            found[each["name"]] = each["value"]
    return found


def _secrets(value: Any, name: str, note: Callable[[Problem], None]) -> dict[str, bytes]:
    """Values by ``PATH/NAME``: text, or bytes as ``{base64: …}``. No problem repeats one."""
    if not isinstance(value, dict):
        note(Problem(SOURCE, 0, 0, name, "has to be a map of PATH/NAME to values"))
        return {}
    found = {key: _secret(each) for key, each in value.items()}
    for key, each in found.items():
        if not 0 < len(each) <= SECRET_LIMIT:
            said = f'has to be text or {{"base64": …}}, of 1 to {SECRET_LIMIT} bytes'
            note(Problem(SOURCE, 0, 0, f"{name}.{key[:200]}", said))
    return found


def _secret(value: Any) -> bytes:
    """Nothing for what cannot be read."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and value.keys() == {"base64"} and isinstance(value["base64"], str):
        with suppress(ValueError):
            return base64.b64decode(value["base64"], validate=True)
    return b""


def _context(value: Any, name: str, note: Callable[[Problem], None]) -> str:
    if not isinstance(value, str):
        note(Problem(SOURCE, 0, 0, name, "has to be text"))
    return str(value)


_READERS = (
    ("parameters", _pairs),
    ("environment", _pairs),
    ("definition", _definition),
    ("secrets", _secrets),
    ("context", _context),
)


def _refuse_surrogates(data: Any) -> None:
    """Half a character, which JSON can spell and UTF-8 cannot, would fail only when it is stored."""
    left = [data]
    while left:
        each = left.pop()
        if isinstance(each, str):
            each.encode()
        elif isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput(sorted(problems))
