"""What the simulator remembers of one account, filed as a processor files it: under ids of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import MOVED, Operation, Remembered, Reply, Request, day
from adapters.gateways.standing import Verdict, stand
from adapters.gateways.tokens import Answer, Effect

Name = Callable[[str, Remembered], str]  # the id that follows from a key, so that it survives the process


AGAIN = "~"  # between a key and the number of its repetition, in the simulator's book


@dataclass(frozen=True, slots=True)
class Filed:
    """A transaction: its key in the simulator, the processor's id for it, and what became of it."""

    key: str
    id: str
    known: Remembered

    @property
    def asked_as(self) -> str:
        """The key as it was sent."""
        return self.key.partition(AGAIN)[0]

    @property
    def moved(self) -> bool:
        return self.known.script.effect in MOVED

    @property
    def is_refund(self) -> bool:
        return self.known.script.effect is Effect.REFUNDED

    @property
    def is_echeck(self) -> bool:
        return self.known.script.effect is Effect.DEBITED

    @property
    def declined(self) -> bool:
        return self.known.script.answer is Answer.DECLINED

    @property
    def on(self) -> date:
        return day(self.known.at)

    @property
    def at_s(self) -> int:
        """The instant, in seconds since 1970."""
        return int(datetime.fromisoformat(self.known.at).timestamp())

    def stands(self, today: date) -> Verdict:
        return stand(self.known.script.course, self.on, today, self.known.currency)


class Filing:
    """One account of one user."""

    def __init__(self, simulator: Simulator, organisation: str, account: str, name: Name) -> None:
        self._simulator = simulator
        self.organisation = organisation
        self.account = account
        self._name = name
        self._keys: dict[str, str] = {}  # by id

    def today(self) -> date:
        return self._simulator.now().date()

    def perform(self, operation: Operation, key: str, **fields: object) -> Reply:
        request = Request(operation, self.organisation, self.account, key, **fields)  # type: ignore[arg-type]
        return self._simulator.perform([request])[0]

    def by_key(self, key: str) -> Filed | None:
        """What was done or refused under a key; nothing is known of what met a fault."""
        known = self._simulator.book(self.organisation, self.account).get(key)
        return Filed(key, self._name(key, known), known) if known is not None and known.reference else None

    def by_id(self, id_: str) -> Filed | None:
        book = self._simulator.book(self.organisation, self.account)
        if id_ not in self._keys:
            self._keys |= {self._name(key, known): key for key, known in book.items() if known.reference}
        key = self._keys.get(id_)
        return None if key is None else self.by_key(key)

    def all(self) -> Iterator[Filed]:
        """Whatever was done or refused, oldest first."""
        for key, known in list(self._simulator.book(self.organisation, self.account).items()):
            if known.reference and known.script.effect is not Effect.VOIDED:
                yield Filed(key, self._name(key, known), known)
