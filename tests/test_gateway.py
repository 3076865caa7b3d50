"""The gateway's start, with the real HAProxy on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from ailtire_deploy import gateway
from ailtire_deploy.errors import Failed

START = "import sys, pathlib; from ailtire_deploy import gateway; gateway.run(pathlib.Path(sys.argv[1]))"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def configuration(folder: Path, port: int, extra: str = "") -> Path:
    """A proxy that answers by itself; its server's name is known to no DNS, as at a gateway's first start."""
    file = folder / "haproxy.cfg"
    file.write_text(
        f"""global
  hard-stop-after 5s
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
resolvers engine
  nameserver engine 127.0.0.11:53
backend web
  server-template web 1-2 tasks.shop_web:8080 resolvers engine init-addr none check
frontend all
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string "served" if {{ path / }}
  default_backend web
{extra}
"""
    )
    return file


@contextmanager
def started(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", START, config], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def answer(port: int) -> str:
    """What the proxy says, as soon as it is there."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    """HAProxy's master forgets a signal that comes before its loop runs, though its worker serves already."""
    for _ in range(20):
        process.send_signal(stop)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
            return
    raise AssertionError("the proxy does not end")


@pytest.mark.parametrize("stop", [signal.SIGUSR1, signal.SIGTERM])
def test_a_good_configuration_serves_until_a_signal_comes(tmp_path: Path, stop: signal.Signals) -> None:
    port = free_port()
    with started(configuration(tmp_path, port)) as process:
        assert answer(port) == "served"
        assert "haproxy" in Path(f"/proc/{process.pid}/cmdline").read_text()
        end(process, stop)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)


def test_a_bad_configuration_is_refused_with_haproxys_own_reason(tmp_path: Path) -> None:
    for mistake, reason in (
        ("colour blue", "unknown keyword 'colour'"),
        ("use_backend nowhere", "'nowhere'"),
    ):
        with pytest.raises(Failed) as caught:
            gateway.check(configuration(tmp_path, free_port(), f"  {mistake}"))
        assert reason in str(caught.value)
        assert caught.value.exit_code == 4


def test_a_bad_configuration_starts_nothing(tmp_path: Path) -> None:
    with started(configuration(tmp_path, free_port(), "  colour blue")) as process:
        assert process.stderr
        said = process.stderr.read().decode()
        assert process.wait(timeout=10) != 0
    assert "unknown keyword 'colour'" in said


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"none\.cfg"):
        gateway.check(tmp_path / "none.cfg")


def test_a_missing_haproxy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="not installed"):
        gateway.check(tmp_path / "haproxy.cfg")
