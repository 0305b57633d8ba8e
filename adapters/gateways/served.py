"""The simulator over HTTP, in a plain JSON dialect of its own.

`POST /charges` `{"organisation", "merchant_account", "key", "amount", "currency", "token", "settings"?}`
`POST /refunds` `{"organisation", "merchant_account", "key", "of", "amount", "currency", "settings"?}`
`POST /voids` and `POST /look-ups`: the same without amount and currency; `of` is the key of the charge
`GET /livez` 200; `GET /peaks` `{"peaks": {"organisation/account": the most requests in hand at once}}`

`settings` are those of the merchant account (`latency_ms`, `fault_rates`, `seed`): they act as in process.

200 `{"answer": "approved", "key", "amount", "currency", "reference"}`
200 `{"answer": "declined", "key", "amount", "currency", "reference", "code", "network_code"}`
404 `{"answer": "not_found", "key"}` to a look-up; 409 `{"answer": "conflict", "key"}`; 500
400 `{"answer": "refused", "why"}`: the request makes no sense and was not journaled

The wire formats of real processors are spoken beside it, told apart by their paths: see `served_foreign`.
"""

import asyncio
import gc
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.gateways.served_connection import LEAVING_S, Counter, ServedConnection
from adapters.gateways.simulator import Simulator

TIMEOUT_S = 32.0  # CardPointe's
BACKLOG = 2_048  # a client may open all its connections at once


def serve(host: str, port: int, journal_path: Path, lean: bool = False, timeout_s: float = TIMEOUT_S) -> None:
    """Serves until SIGTERM or SIGINT; port 0 takes a free one. Raises JournalInUse before it listens.

    `timeout_s` is how long a simulated processor waits for the bank before it says that it gave up.

    `lean` is for benchmarks: nothing but requests and answers, without the pauses of the garbage collector
    (there are no cycles in what is remembered; memory grows with the number of keys all the same).
    """
    simulator = Simulator(journal_path, clock=_now)
    simulator.open()
    if lean:
        gc.collect()
        gc.disable()
    try:
        asyncio.run(_serve(simulator, host, port, timeout_s))
    finally:
        simulator.close()
        if lean:
            gc.enable()


async def _serve(simulator: Simulator, host: str, port: int, timeout_s: float) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    counter = Counter(simulator, timeout_s=timeout_s)
    server = await loop.create_server(lambda: ServedConnection(counter), host, port, backlog=BACKLOG)
    address = server.sockets[0].getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    url = f"http://{shown}:{address[1]}"
    print(f"listening on {url}", file=sys.stderr, flush=True)
    print(json.dumps({"url": url}), flush=True)
    await stopped.wait()
    server.close()
    await counter.leave(LEAVING_S)


def _now() -> datetime:
    return datetime.now(UTC)
