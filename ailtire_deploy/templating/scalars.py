"""Fill one scalar of a definition: text with ``{{ … }}`` and ``{% if %}`` in, a value out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from ailtire_deploy.templating.expressions import Evaluator
from ailtire_deploy.templating.failures import UNKNOWN, Budget, Unknown, Unrenderable
from ailtire_deploy.templating.filters import as_text

TEMPLATE_LIMIT = 64 * 1024  # characters of one scalar that holds a template
_ENVIRONMENT = Environment(autoescape=False, keep_trailing_newline=True)

__all__ = ["UNKNOWN", "Renderer", "Unknown", "Unrenderable", "has_template"]


def has_template(text: str) -> bool:
    """Whether Jinja would do anything to a text."""
    return "{{" in text or "{%" in text or "{#" in text


class Renderer:
    """Fills the scalars of one definition from one set of values.

    What all of them may cost together is limited, so a renderer serves one definition, once. A value that is
    ``UNKNOWN`` has been reported already: what uses it raises ``Unknown`` instead of a second complaint.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._budget = Budget()
        self._evaluator = Evaluator(values, self._budget)

    def render(self, text: str) -> Any:
        """The value a text stands for; a text that is one expression alone keeps that expression's type.

        Raises Unrenderable with the reason, or Unknown.
        """
        if not has_template(text):
            return text
        self._budget.begin()
        try:
            return self._value(_parsed(text))
        except RecursionError:
            raise Unrenderable("the template is nested too deeply") from None

    def _value(self, template: nodes.Template) -> Any:
        match template.body:
            case [nodes.Output(nodes=[nodes.TemplateData(data=data)])]:
                return data
            case [nodes.Output(nodes=[expression])]:
                return self._evaluator.value(expression)
            case body:
                return "".join(self._pieces(body))

    def _pieces(self, body: list[nodes.Node]) -> list[str]:
        pieces: list[str] = []
        for node in body:
            match node:
                case nodes.Output():
                    pieces += [self._piece(each) for each in node.nodes]
                case nodes.If():
                    pieces += self._pieces(self._branch(node))
                case _:
                    raise Unrenderable(f"{{% {type(node).__name__.lower()} %}} is not allowed here")
        return pieces

    def _branch(self, node: nodes.If) -> list[nodes.Node]:
        for each in (node, *node.elif_):
            if self._evaluator.value(each.test):
                return each.body
        return node.else_

    def _piece(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.TemplateData):
            return self._budget.spend(node.data)
        return self._budget.spend(as_text(self._evaluator.value(node)))


def _parsed(text: str) -> nodes.Template:
    if len(text) > TEMPLATE_LIMIT:
        raise Unrenderable(f"a template longer than {TEMPLATE_LIMIT // 1024} KiB")
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise Unrenderable(
            f"not a template: {error.message}", "!raw passes a text through unchanged"
        ) from None
    except ValueError:
        raise Unrenderable("not a template: a number too long") from None
