"""Fill the scalars of a definition, each once, and remember which could not be filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy.definition.findings import MOST, Finding
from ailtire_deploy.documents import Path
from ailtire_deploy.templating import UNKNOWN, Renderer, Unknown, Unrenderable

DECLARATIONS = frozenset({"name", "parameters", "contexts"})


@dataclass(slots=True)
class Filling:
    """Fills one definition. What could not be filled is ``UNKNOWN``."""

    renderer: Renderer
    findings: list[Finding] = field(default_factory=list)

    def definition(self, data: dict[str, Any]) -> dict[str, Any]:
        """A definition without templates. A child's own stays as it is: its controller fills it."""
        return {key: self._section(key, value) for key, value in data.items()}

    def _section(self, key: str, value: Any) -> Any:
        if key in DECLARATIONS or key.startswith("x-"):
            return value
        if key == "services" and isinstance(value, dict):
            return {name: self._service((key, name), service) for name, service in value.items()}
        return self.value((key,), value)

    def _service(self, path: Path, service: Any) -> Any:
        """``type`` says which schema holds, so it is no template."""
        if not isinstance(service, dict):
            return self.value(path, service)
        left = {"type"} | ({"definition"} if service.get("type") == "stack" else set())
        return {
            key: value if key in left or key.startswith("x-") else self.value((*path, key), value)
            for key, value in service.items()
        }

    def value(self, path: Path, value: Any) -> Any:
        """Any value, with every text in it filled."""
        match value:
            case dict():
                return {key: self.value((*path, key), each) for key, each in value.items()}
            case list():
                return [self.value((*path, index), each) for index, each in enumerate(value)]
            case str():
                return self._text(path, value)
            case _:
                return value

    def _text(self, path: Path, text: str) -> Any:
        if len(self.findings) == MOST:
            return UNKNOWN
        try:
            return self.renderer.render(text)
        except Unrenderable as error:
            self.findings.append(Finding(path, str(error), error.hint))
        except Unknown:
            pass
        return UNKNOWN
