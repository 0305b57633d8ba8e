"""The broker of one process: dramatiq's stub, with nothing lost on stop and dead letters that are bounded."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from dramatiq import Middleware
from dramatiq.brokers.stub import StubBroker, _StubConsumer
from dramatiq.errors import QueueNotFound

MAX_DEAD_LETTERS = 100  # of each queue: a look at what went wrong lately, not a record


class EmbeddedBroker(StubBroker):
    def __init__(self, *, middleware: list[Middleware]) -> None:
        super().__init__(middleware)
        self.dead_letters_by_queue: Any = defaultdict(lambda: deque(maxlen=MAX_DEAD_LETTERS))

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> "KeepingConsumer":
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]
        dead = self.dead_letters_by_queue[queue_name]
        return KeepingConsumer(self.queues[queue_name], dead, prefetch, timeout)  # type: ignore[no-untyped-call]

    def waiting(self, queue_name: str) -> int:
        """How many messages wait on a queue."""
        return int(self.queues[queue_name].qsize())


class KeepingConsumer(_StubConsumer):
    def requeue(self, messages: Iterable[Any]) -> None:
        """What was fetched and not worked goes back (the stub would lose it)."""
        for message in messages:
            self.queue.put(message.encode())
            self.queue.task_done()
            self.prefetch_semaphore.release()
