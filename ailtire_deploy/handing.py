"""What a launcher hands to a controller: secrets that it mounts there under their own names.

Those are credentials of registries, and for a root the certificates of its edge. Another value is another
name, so whoever gets one is replaced; until then the process that runs has not got it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ailtire_deploy import names
from ailtire_deploy.model import Child, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import labels_of, secret_names, staying
from ailtire_deploy.sealing import Sealed
from ailtire_deploy.state import LAST, Key, Resource, State


def handed(controller: Resource | None) -> tuple[str, ...]:
    """The names of all such secrets in a controller's spec, whether they are there or not."""
    spec = controller.spec if controller else {}
    used = spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Secrets") or ()
    return tuple(sorted(each["SecretName"] for each in used if _under_its_own_name(each)))


def _under_its_own_name(mounted: Mapping[str, Mapping[str, str]]) -> bool:
    return mounted["File"]["Name"] == f"/run/secrets/{mounted['SecretName']}"


def wished(child: Child) -> tuple[str, ...]:
    """The same of a controller that shall be."""
    return tuple(sorted({*child.registries, *child.certificates}))


def certificates(stack: Stack) -> tuple[str, ...]:
    """The secrets that its controller has to have been handed for a stack's edge. All are made before."""
    return tuple(names.certificate_secret(stack.path, stack.secrets[key].name) for key in _used(stack))


def _used(stack: Stack) -> tuple[str, ...]:
    """The keys of the secrets that hold certificates of an edge; only a root that publishes TLS has any."""
    published = stack.gateway.publish if len(stack.path.parts) == 1 else ()
    return stack.gateway.tls.certificates if any(each.serves == "https" for each in published) else ()


def secrets(stack: Stack, sealed: Sealed) -> Iterator[Resource]:
    """What a root's launcher makes of the certificates among a stack's secrets, for the controller alone.

    Not the stack's own secrets: those go with the stack, and its controller would have to let go of them
    before it went itself.
    """
    values = {each.name: each.data for each in sealed.secrets}
    for key in _used(stack):
        own = stack.secrets[key].name or sealed.named[stack.path, key]
        made = Key("secret", names.certificate_secret(stack.path, own))
        labels = labels_of(StackPath(), stack.path)
        yield Resource(made, labels=labels, data=values.get(own), adopt_only=own not in values)


def equipped(
    child: Child, wanted: Iterable[Resource], observed: State, wish: Resource
) -> tuple[Child, list[Resource]]:
    """A root with the certificates that its controller shall have, and all that stay on the swarm.

    It shall have the wanted ones, and of those that it has the ones that a rollback would need: to a revision
    that stays beside ``wish``, the root's newest. What nobody has goes when a new one is written.
    """
    path, wanted = StackPath((child.key,)), list(wanted)
    stay = (name for each in staying(observed, path, wish) for name in secret_names(each))
    needed = {names.certificate_secret(path, name) for name in stay}
    has = set(handed(observed.get("service", names.admin_service(path))))
    there = [each for each in observed.owned_by(StackPath()) if each.path == path and _is_one(each)]
    kept = {each.name for each in there if each.name in has & needed}
    given = tuple(sorted({*kept, *(each.name for each in wanted)}))
    new = wish.key not in observed.resources
    left = (each for each in there if each.name not in given and not (new and each.name not in has))
    stays = [each for each in there if each.name in kept]
    return replace(child, certificates=given), [*stays, *left, *wanted]


def _is_one(found: Resource) -> bool:
    return found.kind == "secret" and names.is_certificate_secret(found.name)


def after_controllers(wishes: Mapping[str, Resource], stack: Stack, observed: State) -> dict[str, Resource]:
    """The children's revisions, to be written last where what a controller is handed changes.

    A controller that shall have what it has not got yet writes nothing, so such a revision is carried out by
    its successor.
    """
    changing = set()
    for child in stack.children:
        controller = observed.get("service", names.admin_service(stack.path / child.key))
        if controller is not None and handed(controller) != wished(child):
            changing.add(child.key)
    return {
        key: replace(each, facts={**each.facts, LAST: True}) if key in changing else each
        for key, each in wishes.items()
    }
