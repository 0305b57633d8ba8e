"""Posting to an address that somebody gave us: a deadline for the whole of it, no redirect, no proxy, no body read."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass

import httpx2

from adapters.outgoing.addresses import Forbidden, addresses_of

DEADLINE_S = 15.0  # from the first look-up of the name to the answer's headers; what Standard Webhooks advises
CLOSE_WITHIN_S = 2.0
ACCEPTED = range(200, 300)
REDIRECTED = range(300, 400)
GONE = 410
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """`why` is empty when the receiver took it: else timeout, unreachable, forbidden, redirect, status or gone."""

    status: int | None = None
    why: str = ""


class Wire:
    """An event loop in a thread of its own; `post` is called from any other. `loopback`: this very machine may be a
    receiver."""

    def __init__(self, *, deadline_s: float = DEADLINE_S, connections: int = 100, loopback: bool = False) -> None:
        self.deadline_s = deadline_s
        self.loopback = loopback
        self._client = httpx2.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=deadline_s,
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=0),
        )  # fmt: skip
        self._guard = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)
        self._thread.start()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Never raises for what the receiver does; CancelledError when the wire is closed meanwhile."""
        with self._guard:  # what is taken on before the end is cancelled by it; nothing is taken on after
            if self._closed:
                raise CancelledError
            posting = asyncio.run_coroutine_threadsafe(self._post(url, body, headers), self._loop)
        return posting.result()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        try:
            async with asyncio.timeout(self.deadline_s):
                named = httpx2.URL(url)
                port = named.port or PORTS[named.scheme]
                found = await addresses_of(named.host, port, loopback=self.loopback)
                return await self._post_to(found, named, body, headers)
        except Forbidden:
            return Posted(why="forbidden")
        except (TimeoutError, httpx2.TimeoutException):
            return Posted(why="timeout")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
            return Posted(why="unreachable")

    async def _post_to(self, found: list[str], named: httpx2.URL, body: bytes, headers: Mapping[str, str]) -> Posted:
        """To the first address where somebody listens; the name is only shown, and held against the certificate."""
        shown = {**headers, "host": named.netloc.decode("ascii")}
        for position, address in enumerate(found):
            at = named.copy_with(host=address)
            more = {"sni_hostname": named.host}
            try:
                async with self._client.stream("POST", at, content=body, headers=shown, extensions=more) as response:
                    return _read(response.status_code)
            except httpx2.ConnectError:
                if position == len(found) - 1:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """What is under way is given up: its lease ends, and it is sent again."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CLOSE_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_WITHIN_S)
        self._loop.close()

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


def _read(status: int) -> Posted:
    if status in ACCEPTED:
        return Posted(status=status)
    if status == GONE:
        return Posted(status=status, why="gone")
    return Posted(status=status, why="redirect" if status in REDIRECTED else "status")
