"""What runs in a gateway's container: check the proxy's configuration, then become the proxy.

HAProxy takes the place of this process, so the engine's signals reach its master directly: SIGUSR1 lets
running requests end, SIGTERM does not wait. A configuration that HAProxy refuses ends the task with HAProxy's
own words in its log. An agent that follows changed routes would start HAProxy as its child in ``run`` instead
of becoming it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NoReturn

from ailtire_deploy.errors import Failed

CONFIG = Path("/etc/ailtire/haproxy.cfg")
PROGRAM = "haproxy"
PATIENCE = 30  # seconds for a check


def run(config: Path = CONFIG) -> NoReturn:
    """Check ``config`` and serve by it until a signal comes. Raises Failed when it cannot be served."""
    check(config)
    try:
        os.execvp(PROGRAM, command(config))
    except OSError as error:
        raise Failed(f"{PROGRAM} cannot be started: {error.strerror}") from None


def command(config: Path) -> list[str]:
    """HAProxy as a master that stays in the foreground, with workers that can be replaced."""
    return [PROGRAM, "-W", "-db", "-f", str(config)]


def check(config: Path) -> None:
    """Raises Failed with what HAProxy says against a configuration."""
    try:
        found = subprocess.run(
            [PROGRAM, "-c", "-f", str(config)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except FileNotFoundError:
        raise Failed(f"{PROGRAM} is not installed here") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{PROGRAM} did not finish checking {config} in {PATIENCE} s") from None
    if found.returncode:
        said = "\n".join(part.strip() for part in (found.stderr, found.stdout) if part.strip())
        raise Failed(f"{PROGRAM} does not accept {config}:\n{said}")
