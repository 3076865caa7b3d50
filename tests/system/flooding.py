"""Runs inside a container: writes 50 MB of lines a second, for as many seconds as stand in /tmp/go.

Takes the length of a line. Says in /tmp/rate how many bytes a second were taken.
"""

import sys
import time
from pathlib import Path

GO, RATE = Path("/tmp/go"), Path("/tmp/rate")
WANTED = 50e6
line = b"x" * int(sys.argv[1]) + b"\n"
chunk = line * max(1, 250_000 // len(line))


def flood(seconds):
    begun, sent = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        if sent > WANTED * passed:
            time.sleep(0.005)
            continue
        sent += sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return sent / seconds


while True:
    time.sleep(0.2)
    if GO.exists():
        asked = float(GO.read_text())
        GO.unlink()
        RATE.write_text(str(flood(asked)))
