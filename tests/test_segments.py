"""What a look at living networks finds: nothing where all is as the matrix says, else what differs."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ailtire_deploy import names, probe
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Attachment
from ailtire_deploy.segments import asking, comparing, dialogue, keeping
from ailtire_deploy.segments.comparing import Findings, Scene, Surprise
from ailtire_deploy.segments.dialogue import Answer, Place, Question
from ailtire_deploy.segments.matrix import OUTSIDE
from ailtire_deploy.state import Key, Resource
from ailtire_deploy.views import surveys
from tests.test_matrix import SHOP, USES, made

ORDERS = SHOP / "orders"
MATRIX = made(USES)
NETWORKS = tuple(sorted(MATRIX.networks))
PLACES = (*NETWORKS, "elsewhere", "ingress")


@dataclass
class World:
    """Networks with who stands on them, and an engine that answers from there as a real one does."""

    standing: list[Attachment] = field(default_factory=list)
    deaf: set[Place] = field(default_factory=set)  # where nobody listens
    dead: set[str] = field(default_factory=set)  # addresses that nothing comes to
    leaks: set[tuple[str, str]] = field(
        default_factory=set
    )  # a network, and an address of another it gets to
    forgotten: set[tuple[str, str]] = field(default_factory=set)  # a network, and a name it does not know
    open: set[str] = field(default_factory=lambda: {n for n, outside in MATRIX.networks.items() if outside})

    def attach(self, network: str, service: str, **more: str) -> Attachment:
        number = 2 + sum(each.network == network for each in self.standing)
        address = f"10.0.{PLACES.index(network)}.{number}"
        made = Attachment(
            network, service, address, more.get("task", f"task of {service}"), more.get("container", "")
        )
        self.standing.append(made)
        return made

    def resolve(self, network: str, name: str) -> tuple[str, ...]:
        """Names of the engine's services, and the short ones that the matrix gives them."""
        short = {m.service for m in MATRIX.bearers(network, name)}
        named = {name, name.removeprefix("tasks."), *short}
        found = (
            e.address for e in self.standing if e.network == network and e.service in named and e.service
        )
        return () if (network, name) in self.forgotten else tuple(found)

    def connect(self, network: str, place: Place) -> str:
        address, port = place
        there = {e.address: e for e in self.standing}[address]
        if (there.network != network and (network, address) not in self.leaks) or address in self.dead:
            return ""
        known = MATRIX.by_service().get(there.service)
        listens = bool(known and port in known.ports and place not in self.deaf)
        return dialogue.OPEN if listens else dialogue.REFUSED

    def answer(self, network: str) -> Answer:
        asked = asking.question(MATRIX, self.standing, network)
        clock = itertools.count()
        found = probe.answer(
            dialogue.unpacked(dialogue.packed(asked)),
            lambda name: self.resolve(network, name),
            lambda place: self.connect(network, place),
            lambda: network in self.open,
            now=lambda: float(next(clock)),
            sleep=lambda seconds: None,
        )
        heard = dialogue.heard(dialogue.told(found))
        assert heard == found
        return found

    def found(self, path: StackPath = SHOP, **more: Any) -> Findings:
        inside = {n: n not in self.open for n in NETWORKS if path.covers(MATRIX.owners[n])}
        answers = {each: self.answer(each) for each in inside}
        seen: dict[str, Any] = {"stable": self.standing, "ever": self.standing, "internal": inside, **more}
        return comparing.compare(Scene(MATRIX, path, answers=answers, **seen), {})


@pytest.fixture
def world() -> World:
    """As the matrix says: two tasks of each service, one of everything else."""
    found = World()
    for member in MATRIX.members:
        for number in range(2 if member.kind == "service" else 1):
            for network in member.seats:
                found.attach(network, member.service, task=f"{member.service}.{number}")
    return found


def named(found: Findings) -> list[tuple[str, str]]:
    return [(each.subject, each.network) for each in found.surprises]


def texts(found: Findings) -> list[str]:
    return [each.text for each in found.surprises]


def test_a_world_as_the_matrix_says_has_no_surprise_and_every_pair_is_looked_at(world: World) -> None:
    found = world.found()
    assert named(found) == []
    members = len(MATRIX.members)
    assert (found.networks, found.pairs) == (len(NETWORKS), members * members)  # each other, and the outside
    assert (found.absent, found.unheard) == ((), {})


def test_below_a_root_its_own_networks_are_looked_at_and_who_stands_on_them(world: World) -> None:
    found = world.found(ORDERS)
    assert (found.networks, named(found)) == (2, [])
    assert found.pairs == 5 * 5  # gateways of both, the controller, two services


@pytest.mark.parametrize("network", NETWORKS)
def test_a_stranger_on_any_network_is_one_surprise_that_names_it(world: World, network: str) -> None:
    world.attach(network, "intruder")
    found = world.found()
    assert named(found) == [("service intruder", network)]
    (surprise,) = found.surprises
    assert surprise.text == f"service intruder stands on {network}, where it does not belong"
    assert any(said.endswith("is refused") for said in surprise.seen), "it was reached"
    assert any(said.startswith("it meets shop/") for said in surprise.seen)


def test_a_container_that_no_service_has_is_named_by_its_id(world: World) -> None:
    world.attach("shop_sibling", "", container="0123456789ab")
    assert named(world.found()) == [("container 0123456789ab", "shop_sibling")]


@pytest.mark.parametrize("member", list(MATRIX.members), ids=lambda m: str(m.name))
def test_a_service_of_ours_on_a_network_of_another_stack_is_one_surprise(world: World, member: Any) -> None:
    for network in NETWORKS:
        if network not in member.seats:
            kept = list(world.standing)
            world.attach(network, member.service, task=f"{member.service}.0")
            assert named(world.found()) == [(member.name, network)]
            world.standing = kept


def test_a_service_of_ours_on_a_network_that_is_nobodys_is_a_surprise_but_for_the_engines_mesh(
    world: World,
) -> None:
    world.attach("ingress", "shop_edge", task="shop_edge.0")
    assert named(world.found()) == []
    world.attach("elsewhere", "shop_web", task="shop_web.0")
    assert named(world.found()) == [("shop/web", "elsewhere")]
    assert named(world.found(ORDERS)) == [], "that is another stack's business"


def test_what_strangers_do_elsewhere_is_none_of_our_business(world: World) -> None:
    world.attach("elsewhere", "stranger")
    assert named(world.found()) == []


def test_an_address_of_another_network_that_answers_is_a_surprise(world: World) -> None:
    api = next(e for e in world.standing if e.service == "shop_orders_api")
    world.leaks = {("shop_sibling", api.address)}
    (first, second) = texts(world.found())
    assert (
        first
        == f"shop/orders/api on shop_orders_sibling is reached from shop_sibling, at {api.address} port 80"
    )
    assert second.endswith("port 81")


def test_who_does_not_answer_on_a_network_of_its_own_is_a_surprise(world: World) -> None:
    api = next(e for e in world.standing if e.service == "shop_orders_api")
    world.dead = {api.address}
    assert texts(world.found()) == [
        f"shop/orders/api does not answer on shop_orders_sibling, at {api.address}"
    ]


def test_a_port_that_nobody_listens_at_is_a_surprise(world: World) -> None:
    api = next(e for e in world.standing if e.service == "shop_orders_api")
    world.deaf = {(api.address, 81)}
    (said,) = texts(world.found())
    assert said == f"shop/orders/api does not listen on shop_orders_sibling, at {api.address} port 81"


def test_a_name_that_nobody_knows_and_one_that_means_somebody_else_are_surprises(world: World) -> None:
    world.forgotten = {("shop_sibling", "auth")}
    assert texts(world.found()) == ["auth does not mean shop/auth on shop_sibling"]
    web = next(e for e in world.standing if e.service == "shop_web")
    answers = {"shop_sibling": Answer({"shop_orders_api": (web.address,)})}
    scene = Scene(MATRIX, SHOP, world.standing, world.standing, answers, {})
    said = [each.text for each in comparing.compare(scene, {}).surprises]
    assert f"shop_orders_api means shop/web on shop_sibling, at {web.address}" in said


def test_a_name_that_leads_out_of_the_swarm_is_nobodys(world: World) -> None:
    answer = world.answer("shop_sibling")
    lying = replace(answer, names={**answer.names, "shop_orders_api": ("93.184.215.14",)})
    scene = Scene(
        MATRIX, SHOP, world.standing, world.standing, {"shop_sibling": lying}, {"shop_sibling": True}
    )
    assert not any("shop_orders_api" in each.text for each in comparing.compare(scene, {}).surprises)


def test_a_way_out_that_should_not_be_and_one_that_is_missing_are_surprises(world: World) -> None:
    world.open ^= {"shop_sibling", "shop_web_egress"}
    found = world.found()
    assert named(found) == [(OUTSIDE, "shop_sibling"), (OUTSIDE, "shop_web_egress")]


def test_a_network_that_is_gone_and_a_seat_that_is_empty_are_surprises(world: World) -> None:
    world.standing = [e for e in world.standing if (e.service, e.network) != ("shop_db", "shop_sibling")]
    world.attach("shop_web_egress", "shop_db", task="shop_db.0")
    assert "shop/db does not stand on shop_sibling" in texts(world.found())
    inside = {each: True for each in NETWORKS if each != "shop_orders_family"}
    assert "the network shop_orders_family is not there" in texts(world.found(internal=inside))


def test_who_was_not_there_all_the_time_is_no_surprise_but_told(world: World) -> None:
    stable = [each for each in world.standing if each.service != "shop_db"]
    found = world.found(stable=stable)
    assert (named(found), found.absent) == ([], ("shop/db",))
    assert found.pairs < world.found().pairs


def test_a_shared_address_is_an_answer_to_a_name_and_nobody_connects_to_it(world: World) -> None:
    shared = world.attach("shop_sibling", "shop_db", task="")
    assert named(world.found()) == []
    assert shared.address not in {address for address, _ in world.answer("shop_sibling").places}


def test_a_network_with_a_way_out_is_not_asked_for_addresses_that_may_be_somebodys_out_there(
    world: World,
) -> None:
    asked = asking.question(MATRIX, world.standing, "shop_web_egress")
    there = {e.address for e in world.standing if e.network == "shop_web_egress"}
    assert {address for address, _ in asked.places} == there
    inside = asking.question(MATRIX, world.standing, "shop_orders_sibling")
    assert {address for address, _ in inside.places} == {e.address for e in world.standing}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Traceback"],
        ['{"name": "a", "addresses": ["10.0.0.1"]}'],
        ["[1]", '{"outside": false}'],
        ['"outside"', '{"outside": false}'],
        ['{"places": [["10.0.0.1", "x", "open"]]}', '{"outside": false}'],
        ["[" * 100_000],
    ],
)
def test_an_answer_that_is_not_whole_is_none(lines: list[str]) -> None:
    assert dialogue.heard(lines) is None


@pytest.mark.parametrize("text", ["", "x", "e30=", "eJwDAAAAAAE=", "eJyrBQAAewB7"])
def test_what_is_no_question_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        dialogue.unpacked(text)


def test_a_probe_stands_on_one_network_may_do_nothing_and_is_of_the_networks_owner() -> None:
    labels = {names.LABEL_OWNER: "shop", names.LABEL_PATH: "shop/orders", names.LABEL_ROOT: "shop"}
    network = Resource(Key("network", "shop_orders_family"), labels=labels)
    made = asking.probe(network, Question((), ()), "ailtire/deploy:1", 180, "0a1b")
    task = made.spec["TaskTemplate"]
    assert (made.name, str(made.owner), str(made.path)) == (
        "shop_orders_family__probe",
        "shop",
        "shop/orders",
    )
    assert task["Networks"] == [{"Target": "shop_orders_family"}]
    assert (task["RestartPolicy"], task["ContainerSpec"]["CapabilityDrop"]) == (
        {"Condition": "none"},
        ["ALL"],
    )
    assert task["ContainerSpec"]["ReadOnly"]
    assert "Mounts" not in task["ContainerSpec"]
    assert (made.labels[names.LABEL_PROBE], made.labels[names.LABEL_LOOK]) == ("180", "0a1b")


def test_what_is_hoped_for_is_asked_again_and_before_the_rest() -> None:
    asked: list[Place] = []

    def connect(place: Place) -> str:
        asked.append(place)
        return dialogue.OPEN if asked.count(place) > 2 else ""

    near, far = ("10.0.1.2", 80), ("10.0.2.2", 80)
    question = Question((), (near, far), (near,))
    found = probe.answer(question, connect=connect, outside=lambda: False, sleep=lambda seconds: None)
    assert asked == [near, near, near, far]
    assert found == Answer({}, {near: "open"}, False)


def test_where_no_port_is_known_a_refusal_is_enough() -> None:
    asked: list[Place] = []
    place = ("10.0.1.2", dialogue.SPARE)
    question = Question((), (place,), (place,))
    probe.answer(question, connect=lambda each: asked.append(each) or "refused", outside=lambda: False)
    assert asked == [place]


def test_a_place_is_told_open_refused_or_nothing() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    assert probe.connect(("127.0.0.1", port)) == "open"
    listening.close()
    assert probe.connect(("127.0.0.1", port)) == "refused"
    assert probe.resolve("no-such-name.invalid") == ()
    assert probe.resolve("x" * 300) == ()


def kept(**more: Any) -> Mapping[str, Any]:
    found = Findings(7, 110, (Surprise("a", "n", "x" * 900),) * 5, unheard={"n": "why"})
    return {**keeping.of(found, 1_800_000_000.5), **more}


def labelled(said: str) -> Resource:
    return Resource(Key("config", "shop.r1"), labels={names.LABEL_SURVEY: said})


def test_a_revision_bears_a_short_form_of_the_result() -> None:
    revision = keeping.with_label(Resource(Key("config", "shop.r1")), keeping.of(Findings(7, 110), 1.0))
    assert (
        keeping.sentence(keeping.read(revision) or pytest.fail()) == "0 surprises in 110 pairs on 7 networks"
    )
    assert len(json.dumps(kept())) < 1000
    shown = keeping.shown(labelled(json.dumps(kept())))
    assert shown
    assert (shown["time"], shown["surprises"], len(shown["told"])) == ("2027-01-15T08:00:00Z", 5, 3)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[]",
        "1",
        json.dumps(kept(pairs="9")),
        json.dumps(kept(time=-1)),
        json.dumps(kept(time=10**99)),
    ],
)
def test_a_label_that_cannot_be_read_says_nothing(said: str) -> None:
    assert keeping.read(labelled(said)) is None
    assert keeping.shown(labelled(said)) is None


def codes(found: Iterable[Findings]) -> list[int]:
    return [surveys.exit_code(each) for each in found]


def test_surprises_are_4_a_network_without_an_answer_8_and_nothing_0() -> None:
    surprise = Surprise("a\x1b[31m", "n", "a\x1b[31m stands on n", ("it meets b",))
    all_well, partly = Findings(1, 2), Findings(1, 2, unheard={"n": "no\nnode"})
    surprised = Findings(1, 2, (surprise,), ("shop/db",), {"n": "why"})
    assert codes([all_well, partly, surprised]) == [0, 8, 4]
    shown = "\n".join(surveys.as_text(surprised))
    assert "\x1b" not in shown
    assert "surprise: a\\x1b[31m stands on n\n    it meets b\n" in shown
    assert "not there: shop/db" in shown
    told = surveys.as_json(SHOP, surprised, "shop.r1")
    assert (told["verdict"], told["surprises"][0]["seen"], told["revision"]) == (
        "surprises",
        ["it meets b"],
        "shop.r1",
    )
    assert (
        surveys.as_markdown(partly)[0]
        == "Verdict: **partly**, 0 surprises in 2 pairs on 1 networks, 1 gave no answer"
    )
