"""What a controller is told by its launcher, as environment variables with ailtire's names."""

from __future__ import annotations

from ailtire_deploy import assets, names
from ailtire_deploy.model import Site, Stack
from ailtire_deploy.names import ADMIN_PORT, GATEWAY_PORT, UP_ALIAS
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.templating import artifact


def controller(stack: Stack, child: str, site: Site) -> bytes:
    """The ``controller.env`` of the child ``child`` of ``stack``; a root has no parent to call."""
    path = stack.path / child
    variables = {
        "AILTIRE_STACKNAME": str(path),
        "AILTIRE_APPNAME": str(path.root),
        "AILTIRE_SERVICENAME": child,
        "AILTIRE_ENV": stack.context,
        "AILTIRE_PARENT_NETWORK": names.family_network(path),
        "AILTIRE_PARENTHOST": UP_ALIAS if stack.path else "",
        "AILTIRE_PARENTPORT": str(GATEWAY_PORT),
        "AILTIRE_STACKADMINPORT": str(ADMIN_PORT),
        "AILTIRE_CLUSTER": site.cluster,
        "AILTIRE_IMAGE": site.image,
        "AILTIRE_SOCKET": site.socket,
        "AILTIRE_SOCKET_USER": site.user,
    }
    variables |= {"AILTIRE_BUILD": site.build} if site.build else {}
    narrowed = {name: narrow("variable", value) for name, value in variables.items()}
    return artifact(assets.template("controller.env.j2"), variables=narrowed).encode()
