"""Bells: an errand as a message. It carries ids only; losing or repeating one changes nothing but latency."""

from typing import Any, Protocol

from dramatiq import Message

from adapters.errands import Errand
from workers.queues import ERRANDS, RING


class Rings(Protocol):
    """A broker that can say how many bells wait."""

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]: ...

    def waiting(self, queue_name: str) -> int: ...


class Bells:
    def __init__(self, broker: Rings) -> None:
        self.broker = broker

    def __call__(self, errand: Errand) -> None:
        """Rings: some worker will look at this errand soon."""
        self.broker.enqueue(bell(errand))

    def waiting(self) -> int:
        return self.broker.waiting(ERRANDS)


def bell(errand: Errand) -> Message[Any]:
    kwargs = {"kind": str(errand.kind), "organisation": errand.organisation, "account": errand.account}
    return Message(queue_name=ERRANDS, actor_name=RING, args=(), kwargs=kwargs, options={})
