"""From the decided topology to files: what an operator can read, restyle, and deploy by hand.

``render`` makes the whole folder of one stack: ``compose.yml``, the proxies' configurations, the configs of
the definition, and ``CHILD/controller.env`` for each controller the stack launches. ``docker stack deploy``
makes the same services of it as we do.
"""

from __future__ import annotations

from collections.abc import Mapping

from ailtire_deploy.model import Site, Stack
from ailtire_deploy.render import edge, environment, proxy, words
from ailtire_deploy.render.compose import compose
from ailtire_deploy.render.files import (
    COMPOSE,
    FACES,
    GATEWAY,
    ROUTES,
    Artifacts,
    config_file,
    controller_file,
)
from ailtire_deploy.topology import Topology

__all__ = ["Artifacts", "render"]


def render(stack: Stack, topology: Topology, site: Site, subnets: Mapping[str, tuple[str, ...]]) -> Artifacts:
    """All files of a stack. ``subnets`` are those of its networks, by engine name, as far as they are known.

    Raises InvalidInput for a value that has no place in a proxy's configuration.
    """
    files = {
        **_proxies(stack, topology, subnets),
        **{config_file(key): content for key, content in stack.configs.items()},
        **{controller_file(c.key): environment.controller(stack, c.key, site) for c in stack.children},
    }
    files[COMPOSE] = compose(stack, topology, site, files)
    return Artifacts(dict(sorted(files.items())), proxy.unaddressed(topology, subnets))


def _proxies(stack: Stack, topology: Topology, subnets: Mapping[str, tuple[str, ...]]) -> dict[str, bytes]:
    if not topology.faces:
        return {}
    files = {
        GATEWAY: proxy.gateway(topology),
        ROUTES: proxy.routes_map(topology),
        FACES: proxy.faces_map(topology, subnets),
        **words.files(stack),
    }
    if topology.edge:
        files |= edge.files(stack, topology, topology.edge)
    return files
