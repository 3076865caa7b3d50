"""Requests at a pace of their own: sent when they are due, whether or not those before were answered."""

from __future__ import annotations

import asyncio
import statistics

CONNECTIONS = 16
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"


def half_of(port: int) -> float:
    """The seconds in which half of the requests were answered, counted from when each was due."""
    return statistics.median(times(port, REQUEST, 1_000, 3))


def times(port: int, request: bytes, pace: float, seconds: float) -> list[float]:
    """How long each answer took, at so many requests a second. Raises ValueError for one that is not 200."""
    return asyncio.run(_all(port, request, pace, int(pace * seconds)))


async def _all(port: int, request: bytes, pace: float, count: int) -> list[float]:
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    calls = []
    for number in range(count):
        due = begun + number / pace
        await asyncio.sleep(max(0.0, due - loop.time()))
        calls.append(asyncio.create_task(_one(idle, request, loop, due)))
    took = await asyncio.gather(*calls)
    while not idle.empty():
        idle.get_nowait()[1].close()
    return list(took)


async def _one(
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    request: bytes,
    loop: asyncio.AbstractEventLoop,
    due: float,
) -> float:
    reader, writer = await idle.get()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(head.decode(errors="replace"))
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    await reader.readexactly(length)
    idle.put_nowait((reader, writer))
    return loop.time() - due
