"""Clients that ask one address again and again over connections they keep, and count.

    python load.py URL SECONDS CLIENTS < REQUEST

The request is JSON on standard input: path, content type, body in base64. Prints one line of JSON:
answers by status, answers a second, latencies. Runs where the benchmark does, in a process of its
own, so that counting does not slow down who is measured.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

import uvloop

WARM_UP = 1.0  # seconds before counting begins
END = b"\r\n\r\n"


class Client:
    """One connection's worth of requests."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.address = (host, port)
        self.request = request
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []

    async def run(self, begin: float, end: float) -> None:
        """Ask until the time is over."""
        reader, writer = await asyncio.open_connection(*self.address)
        while (started := time.perf_counter()) < end:
            try:
                writer.write(self.request)
                status, closes = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                status, closes = 0, True  # hung up
            done = time.perf_counter()
            if started >= begin:
                self.statuses[status] += 1
                if status == 200:
                    self.seconds.append(done - started)
            if status == 503:
                await asyncio.sleep(0.05)  # told to come again later
            if closes:
                writer.close()
                reader, writer = await asyncio.open_connection(*self.address)
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(END)).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return int(head[9:12]), b"connection: close" in head or head.startswith(b"http/1.0")


async def _run(clients: list[Client], seconds: float) -> float:
    begin = time.perf_counter() + WARM_UP
    await asyncio.gather(*(client.run(begin, begin + seconds) for client in clients))
    return time.perf_counter() - begin


def main() -> None:
    """Ask, count, print."""
    where, seconds, count = urlsplit(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    asked = json.load(sys.stdin)
    body = base64.b64decode(asked["body"])
    request = (
        f"POST {asked['path']} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: {asked['kind']}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    clients = [Client(str(where.hostname), int(where.port or 80), request) for _ in range(count)]
    took = uvloop.run(_run(clients, seconds))
    statuses: Counter[int] = sum((client.statuses for client in clients), Counter())
    latencies = sorted(second for client in clients for second in client.seconds)
    ranks = {"p50_ms": 0.5, "p99_ms": 0.99}
    print(
        json.dumps(
            {
                "clients": count,
                "per_second": statuses[200] / took,
                **{
                    name: 1000 * latencies[int(rank * (len(latencies) - 1))] if latencies else None
                    for name, rank in ranks.items()
                },
                "statuses": statuses,
            }
        )
    )


if __name__ == "__main__":
    main()
