"""How quickly controllers answer: large stacks and trees, many callers, and slow ones beside them."""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rig.controllers import ROOT, Controllers, controllers
from rig.requests_in_time import times

SECONDS, CALLERS, SLOW = 5, 16, 500
CHILD = {"image": "ailtire-demo/echo"}


def services(count: int) -> dict[str, Any]:
    return {f"s{number}": CHILD for number in range(count)}


def stack(name: str, **below: Any) -> dict[str, Any]:
    """A definition with one plain service, and children."""
    children = {key: {"type": "stack", "definition": each} for key, each in below.items()}
    return {"name": name, "services": {"web": CHILD, **children}}


def tree() -> dict[str, Any]:
    """One stack, five in it, five in each of those."""
    middle = {
        f"c{number}": stack("c", **{f"g{each}": stack("g") for each in range(5)}) for number in range(5)
    }
    return stack("shop", **middle)


@contextmanager
def serving(definition: Mapping[str, Any], hung: int = 0) -> Iterator[Controllers]:
    with TemporaryDirectory() as folder, controllers(Path(folder), definition, hung) as found:
        yield found


def p99(found: list[float]) -> float:
    return statistics.quantiles(found, n=100)[98] if len(found) > 100 else max(found)


def show(what: str, found: list[float], most: float) -> None:
    verdict = "met" if p99(found) <= most else "NOT MET"
    middle = statistics.median(found) * 1000
    print(f"  {what}: half in {middle:.1f} ms, 99 % in {p99(found) * 1000:.1f} ms of {len(found)}", end="")
    print(f", at most {most * 1000:.0f}: {verdict}", flush=True)


def one_by_one(it: Controllers, count: int, pause: float) -> list[float]:
    """Answers that nobody asked for shortly before."""
    found = []
    for _ in range(count):
        time.sleep(pause)
        found += times(it.ports[ROOT], it.request(), 1, 1)
    return found


def rate(it: Controllers) -> float:
    """Status requests a second; fails on any that is refused."""
    url = f"http://127.0.0.1:{it.ports[ROOT]}/_admin/status"
    command = ["wrk", "-t1", f"-c{CALLERS}", f"-d{SECONDS}", "-H", f"Authorization: {it.bearer}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    assert found, said
    return float(found[1])


@contextmanager
def slow_callers(it: Controllers) -> Iterator[list[int]]:
    """Connections that say a byte a second and never come to an end; begun anew when they are cut off.

    Yields how often that was.
    """
    stop, begun = threading.Event(), [0]
    thread = threading.Thread(target=_drip, args=(it.ports[ROOT], it.request(), stop, begun))
    thread.start()
    time.sleep(2)
    try:
        yield begun
    finally:
        stop.set()
        thread.join()


def _drip(port: int, request: bytes, stop: threading.Event, begun: list[int]) -> None:
    open_ones: dict[int, tuple[socket.socket, int]] = {}
    for _ in range(60):
        for number in range(SLOW):
            try:
                if number not in open_ones:
                    begun[0] += 1
                    open_ones[number] = socket.create_connection(("127.0.0.1", port), 5), 0
                connection, said = open_ones[number]
                connection.send(request[said : said + 1])
                open_ones[number] = connection, (said + 1) % (len(request) - 2)
            except OSError:
                open_ones.pop(number)[0].close() if number in open_ones else None
        if stop.wait(1):
            break
    for connection, _said in open_ones.values():
        connection.close()


def large() -> None:
    """Must: 99 % of the answers for 100 services within 50 ms."""
    print("status of a stack with 100 services")
    with serving({"name": "shop", "services": services(100)}) as it:
        show("100 a second", times(it.ports[ROOT], it.request(), 100, SECONDS), 0.05)


def deep() -> None:
    """Must: within 1 s for 1 + 5 + 25 stacks, within 3 s when 20 children hang."""
    print("status of trees, nothing asked shortly before")
    with serving(tree()) as it:
        show("1 + 5 + 25 stacks", one_by_one(it, 20, 1.2), 1.0)
    with serving(stack("shop", **{f"c{number}": stack("c") for number in range(21)}), hung=20) as it:
        show("20 of 21 children hang", one_by_one(it, 10, 1.2), 3.0)


def many() -> None:
    """Must: 1,500 a second on 16 connections; 99 % within 1 s and none refused beside 500 slow ones."""
    print(f"status on {CALLERS} connections")
    with serving({"name": "shop", "services": services(5)}) as it:
        found = rate(it)
        print(f"  {found:,.0f} a second, at least 1,500: {'met' if found >= 1500 else 'NOT MET'}")
        with slow_callers(it) as begun:
            show(f"beside {SLOW} slow ones", times(it.ports[ROOT], it.request(), 300, SECONDS), 1.0)
            print(f"  beside {SLOW} slow ones ({begun[0]} in all): {rate(it):,.0f} a second, none refused")


if __name__ == "__main__":
    large()
    deep()
    many()
