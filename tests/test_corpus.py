"""Every key of Compose is honoured or refused with a reason, and what is honoured is in the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ailtire_deploy import definition
from ailtire_deploy.definition.schema import check
from ailtire_deploy.names import StackPath
from tests import corpus
from tests.proof import Proof

ROOT = Path(__file__).resolve().parents[1]
# The keys of a service in the Compose specification and in version 3.14 of the docker client's schema.
SERVICE = set(
    """
annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent cgroupns_mode command configs
container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus
cpuset credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search
domainname entrypoint env_file environment expose extends external_links extra_hosts gpus group_add
healthcheck hostname image init ipc isolation label_file labels links logging mac_address mem_limit
mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable oom_score_adj
pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy
pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts
volume_driver volumes volumes_from working_dir
""".split()  # noqa: SIM905 - a list of words is read more easily
)
BELOW = {
    "deploy": "endpoint_mode labels mode placement replicas resources restart_policy rollback_config"
    " update_config",
    "healthcheck": "disable interval retries start_interval start_period test timeout",
    "volume": "driver driver_opts external labels name x-cluster-spec",
    "config": "content environment external file labels name template_driver",
    "secret": "driver driver_opts environment external file labels name template_driver",
    "mount": "bind cluster consistency image read_only source target tmpfs type volume",
}
DEEPER = {
    "healthcheck": "disable interval retries start_interval start_period test timeout",
    "logging": "driver options",
    "depends_on": "condition required restart",
    "ulimits": "hard soft",
    "deploy.resources": "limits memory_swap memory_swappiness reservations",
    "deploy.resources.limits": "cpus memory pids",
    "deploy.resources.reservations": "cpus devices generic_resources memory",
    "deploy.resources.reservations.generic_resources": "discrete_resource_spec",
    "deploy.resources.reservations.generic_resources.discrete_resource_spec": "kind value",
    "deploy.placement": "constraints max_replicas_per_node preferences",
    "deploy.placement.preferences": "spread",
    "deploy.restart_policy": "condition delay max_attempts window",
    "deploy.update_config": "delay failure_action max_failure_ratio monitor order parallelism",
    "deploy.rollback_config": "delay failure_action max_failure_ratio monitor order parallelism",
    "volumes.volume": "labels nocopy subpath",
    "volumes.tmpfs": "mode size",
    "configs": "gid mode source target uid",
    "secrets": "gid mode source target uid",
}
"""The keys in the mappings of a service; those in a mapping that is refused are refused with it."""
PARTS = {
    "service": "A service",
    "volume": "`volumes` of a stack",
    "config": "`configs` of a stack",
    "secret": "`secrets` of a stack",
}
TOP = ("configs", "include", "models", "name", "networks", "secrets", "services", "version", "volumes")


def told(schema: dict, key: str) -> str:
    """``honoured``, or why not; nothing for a key that the schema does not know."""
    found = schema["properties"].get(key)
    return "" if found is None else found.get("refused", "honoured")


@pytest.mark.parametrize("key", sorted(SERVICE))
def test_each_key_of_a_service_is_honoured_or_refused_with_a_reason(key: str) -> None:
    word = told(corpus.SCHEMA["$defs"]["service"], key)
    assert word
    assert "later version" not in word
    if word != "honoured":
        found = check({"services": {"web": {"image": "web", key: {}}}}, "stack")
        assert any(word in each.message for each in found), found


@pytest.mark.parametrize(("part", "key"), [(part, key) for part in BELOW for key in BELOW[part].split()])
def test_so_is_each_key_below(part: str, key: str) -> None:
    word = told(corpus.SCHEMA["$defs"][part], key)
    assert word
    assert "later version" not in word or part == "mount"


@pytest.mark.parametrize("key", TOP)
def test_so_is_each_key_of_a_file(key: str) -> None:
    assert told(corpus.SCHEMA, key)


@pytest.mark.parametrize("kind", ["cluster", "image", "npipe", "bind"])
def test_so_is_each_kind_of_a_mount(kind: str) -> None:
    mount = {"type": kind, "source": "data", "target": "/data"}
    body = {"format": 1, "name": "a", "context": "", "parameters": {}, "environment": {}}
    stack = {"services": {"web": {"image": "web", "volumes": [mount]}}, "volumes": {"data": {}}}
    problems = definition.examine_tree({**body, "definition": stack}, StackPath(("a",)))[1]
    assert [each.path for each in problems] in (["services.web.volumes[0].type"], ["services.web.volumes[0]"])
    assert "not one of" not in problems[0].message


def told_below(path: str) -> dict[str, str]:
    """What is said of each key below a place in a service."""
    place = tuple(path.split("."))
    found = {}
    for at, word in words(corpus.SCHEMA["$defs"]["service"]):
        if tuple(step for step in at[:-1] if step not in (0, "*")) == place:
            found[str(at[-1])] = word
    return found


def words(schema: dict, at: corpus.Path = ()) -> Iterator[tuple[corpus.Path, str]]:
    """Every key below a schema, and ``honoured`` or why not."""
    for key, given in schema.get("properties", {}).items():
        each = dict(corpus.resolved(given))
        yield (*at, key), each.get("refused", "honoured")
        if "refused" not in each:
            yield from words(each, (*at, key))
            yield from words(dict(corpus.resolved(each.get("items", {}))), (*at, key, 0))
            others = each.get("additionalProperties")
            if isinstance(others, dict):
                yield from words(dict(corpus.resolved(others)), (*at, key, "*"))
            for other in each.get("patternProperties", {}).values():
                yield from words(dict(corpus.resolved(other)), (*at, key, "*"))


@pytest.mark.parametrize("path", sorted(DEEPER))
def test_so_is_each_key_in_the_mappings_of_a_service(path: str) -> None:
    found = told_below(path)
    assert set(DEEPER[path].split()) <= set(found)
    assert not {key: word for key, word in found.items() if "later version" in word}


def refused(part: str) -> list[str]:
    """Lines of the reference: which keys are refused for which reason."""
    reasons: dict[str, list[str]] = {}
    for at, word in words(corpus.SCHEMA["$defs"][part]):
        if word != "honoured" and at[0] not in ("interface", "uses", "from"):
            name = ".".join(str(step) for step in at if step not in (0, "*"))
            reasons.setdefault(word, []).append(f"`{name}`")
    return [f"| {', '.join(keys)} | {word} |" for word, keys in reasons.items()]


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_reference_has_each_refused_key_with_its_reason(part: str) -> None:
    text = (ROOT / "docs/definition.md").read_text(encoding="utf-8").partition("## Not accepted")[2]
    section = text.partition(f"| {PARTS[part]} | why not |")[2].split("\n\n")[0]
    assert section.splitlines()[2:] == refused(part)


def test_the_corpus_covers_every_key_that_is_accepted(prove_report: Proof) -> None:
    covered = {
        "service": {path for path, _ in corpus.services().values()},
        "job": {path for path, _ in corpus.services("job").values()},
        "volume": {path for path, _ in corpus.volumes().values()},
    }
    missing = {part: set(corpus.keys(part)) - found for part, found in covered.items()}
    number = sum(len(corpus.keys(part)) for part in covered)
    good = number - sum(map(len, missing.values()))
    prove_report(
        2, good, number, "keys of services, jobs and volumes in the schema have an example in the corpus"
    )
    assert missing == {part: set() for part in covered}


def test_the_corpus_is_a_stack() -> None:
    assert len(corpus.stack().services) > 60
