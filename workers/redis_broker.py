"""dramatiq's Redis broker, hardened against what was measured: silent deaths, poison, lost answers."""

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import redis
from dramatiq import Middleware
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

from workers.envelope import Envelope, Unreadable, read_envelope

HEARTBEAT_TIMEOUT_MS = 12_000  # a dead worker's messages come back after 11-17 s, not after a minute or more
MAINTENANCE_CHANCE = 1_000_000  # of a million: every fetch looks for the dead; the default is a lottery
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0

Quarantine = Callable[[str, bytes, str], None]  # (queue, raw message, reason); must not raise for long


class HardenedRedisBroker(RedisBroker):
    """Whatever is fetched is a readable message of a known actor on its own queue; the rest is quarantined,
    and its batch-mates never notice (F-47, F-48). Trouble with Redis is always a connection error, which the
    consumers wait out."""

    def __init__(self, url: str, *, quarantine: Quarantine, middleware: list[Middleware]) -> None:
        client = redis.Redis.from_url(
            url,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=30,
        )
        super().__init__(  # type: ignore[no-untyped-call]
            client=client,
            middleware=middleware,
            heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
            maintenance_chance=MAINTENANCE_CHANCE,
        )
        self.quarantine = quarantine
        self.stopping = threading.Event()
        self._in_hand: dict[str, set[str]] = defaultdict(set)
        self._consumers: dict[str, CalmConsumer] = {}
        self._guard = threading.Lock()

    @property
    def consumer_class(self) -> type["CalmConsumer"]:
        return CalmConsumer

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "CalmConsumer":
        """A new consumer first gives back what the one before it left in nobody's hands."""
        if (before := self._consumers.get(queue_name)) is not None:
            self.drop(queue_name, before.unseen())
        with contextlib.suppress(redis.RedisError):
            self.rescue(queue_name)
        consumer = self._consumers[queue_name] = self.consumer_class(self, queue_name, prefetch, timeout)
        return consumer

    def rescue(self, queue_name: str) -> int:
        """Messages that Redis thinks are ours and that we don't have: an answer was lost on the way."""
        lost = self._marked_as_ours(queue_name) - self._in_hand[queue_name]
        if lost:
            self.do_requeue(queue_name, *lost)
        return len(lost)

    def waiting(self, queue_name: str) -> int:
        """How many messages wait on a queue."""
        return int(self.client.llen(f"{self.namespace}:{queue_name}"))

    def do_fetch(self, queue_name: str, count: int) -> list[bytes]:
        """Messages as the consumer may decode them: read and checked, mended where they can be."""
        bodies: list[bytes | None] = self._dispatch("fetch")(queue_name, count)
        if None in bodies:
            self._forget_empty(queue_name)
        checked = [self._checked(queue_name, body) for body in bodies if body is not None]
        envelopes = [envelope for envelope in checked if envelope is not None]
        with self._guard:
            self._in_hand[queue_name].update(envelope.redis_id for envelope in envelopes)
        return [envelope.encode() for envelope in envelopes]

    def _checked(self, queue_name: str, body: bytes) -> Envelope | None:
        try:
            envelope = read_envelope(body, queue_name)
        except Unreadable as unreadable:
            self._put_away(queue_name, body, unreadable.reason)
            return None
        if envelope.redis_id not in self._marked_as_ours(queue_name):  # it could never be acknowledged
            envelope = envelope.with_redis_id(next(iter(self._ids_of(queue_name, body)), ""))
        return envelope

    def _put_away(self, queue_name: str, body: bytes, reason: str) -> None:
        """Into the quarantine table first, then out of Redis: a crash between makes two rows, never none."""
        self.quarantine(queue_name, body, reason)
        for id in self._ids_of(queue_name, body):
            self._dispatch("ack")(queue_name, id)

    def _ids_of(self, queue_name: str, body: bytes) -> list[str]:
        """A body that can't be read doesn't tell its id: found among what is marked as ours."""
        marked = sorted(self._marked_as_ours(queue_name) - self._in_hand[queue_name])
        if not marked:
            return []
        bodies = self.client.hmget(f"{self.namespace}:{queue_name}.msgs", marked)
        return [id for id, kept in zip(marked, bodies, strict=True) if kept == body]

    def _forget_empty(self, queue_name: str) -> None:
        """An id in the queue whose message is gone (an eviction, half a FLUSHALL)."""
        marked = sorted(self._marked_as_ours(queue_name) - self._in_hand[queue_name])
        kept = self.client.hmget(f"{self.namespace}:{queue_name}.msgs", marked) if marked else []
        for id, body in zip(marked, kept, strict=True):
            if body is None:
                self.client.srem(self._marks(queue_name), id)

    def in_hand(self, queue_name: str) -> list[str]:
        with self._guard:
            return list(self._in_hand[queue_name])

    def drop(self, queue_name: str, ids: Iterable[str]) -> None:
        """No longer in our hands: acknowledged, rejected or given back."""
        with self._guard:
            self._in_hand[queue_name].difference_update(ids)

    def _marked_as_ours(self, queue_name: str) -> set[str]:
        members: Any = self.client.smembers(self._marks(queue_name))
        return {member.decode() for member in members}

    def _marks(self, queue_name: str) -> str:
        return f"{self.namespace}:__acks__.{self.broker_id}.{queue_name}"

    def _dispatch(self, command: str) -> Callable[..., Any]:
        dispatch = super()._dispatch(command)  # type: ignore[no-untyped-call]

        def calm(queue_name: str, *args: Any) -> Any:
            try:
                return dispatch(queue_name, *args)
            except redis.ConnectionError:
                raise
            except redis.RedisError as error:  # a time-out, a full memory, a script that is loading
                raise redis.ConnectionError(f"{type(error).__name__}: {error}") from None

        return calm


class CalmConsumer(_RedisConsumer):
    """Keeps count of what is in our hands; a process that stops doesn't wait for a Redis that is away."""

    broker: HardenedRedisBroker

    def unseen(self) -> list[str]:
        """Ids of what was fetched and never reached a worker, should this consumer be given up. Delayed ones
        live in the consumer alone."""
        if self.queue_name.endswith(".DQ"):
            return self.broker.in_hand(self.queue_name)
        return [json.loads(body)["options"]["redis_message_id"] for body in self.message_cache]

    def ack(self, message: Any) -> None:
        with self._last(message):
            super().ack(message)  # type: ignore[no-untyped-call]

    def nack(self, message: Any) -> None:
        with self._last(message):
            super().nack(message)  # type: ignore[no-untyped-call]

    def requeue(self, messages: Iterable[Any]) -> None:
        given_back = list(messages)
        try:
            super().requeue(given_back)  # type: ignore[no-untyped-call]
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        self.broker.drop(self.queue_name, [message.options["redis_message_id"] for message in given_back])

    @contextlib.contextmanager
    def _last(self, message: Any) -> Any:
        try:
            yield
        except ConnectionClosed:
            if not self.broker.stopping.is_set():
                raise
            return  # it comes back once our heartbeat is missed, and does nothing the second time
        self.broker.drop(self.queue_name, [message.options["redis_message_id"]])
