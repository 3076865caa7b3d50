"""Jinja in two uses that never meet.

``Renderer`` fills the scalars of a definition: what a stranger wrote. Its expressions are parsed by Jinja and
interpreted here, from a short list of what is allowed, so there is nothing to escape to and no cost without
bound.
``artifact`` renders the templates packaged with the program: what we wrote.
"""

from __future__ import annotations

from ailtire_deploy.templating.artifacts import artifact, keep_compiled
from ailtire_deploy.templating.scalars import UNKNOWN, Renderer, Unknown, Unrenderable, has_template

__all__ = ["UNKNOWN", "Renderer", "Unknown", "Unrenderable", "artifact", "has_template", "keep_compiled"]
