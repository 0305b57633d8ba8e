"""What the simulator remembers of one merchant id, filed as CardPointe files it: by retref and by order id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b

from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import MOVED, Remembered, Request, day
from adapters.gateways.standing import COURSES, Verdict, banking_day, stand
from adapters.gateways.tokens import Answer, Effect

AGAIN = "~"  # between an order id and the number of its repetition, in the simulator's keys


@dataclass(frozen=True, slots=True)
class Filed:
    """A transaction: its key in the simulator, CardPointe's number for it, and what became of it."""

    key: str
    retref: str
    known: Remembered

    @property
    def order(self) -> str:
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
    def on(self) -> date:
        return day(self.known.at)

    @property
    def batch(self) -> str:
        """One batch a day."""
        return self.on.strftime("19%y%m%d")

    def is_batched(self, today: date) -> bool:
        return self.on < today

    def stands(self, today: date) -> Verdict:
        return stand(self.known.script.course, self.on, today, self.known.currency)

    def turns(self) -> Iterator[tuple[date, Answer, str]]:
        """What is to come of it, with the date and a bank's return code: settled, returned."""
        for turn in COURSES[self.known.script.course]:
            on = banking_day(self.on, turn.days) if turn.of_the_bank else self.on + timedelta(days=turn.days)
            yield on, turn.answer, turn.network_codes.get(self.known.currency, "")


class Drawer:
    """One merchant id of one user. Authorisations that wait for their capture are kept in memory only: no money
    has moved yet, and the journal has nothing to tell."""

    def __init__(self, simulator: Simulator, organisation: str, merchant: str) -> None:
        self._simulator = simulator
        self.organisation = organisation
        self.merchant = merchant
        self._keys: dict[str, str] = {}  # by retref
        self._retrefs: dict[str, str] = {}  # of captures: those of their authorisation
        self._held: dict[str, Request] = {}
        self._made = 0

    def today(self) -> date:
        return self._simulator.now().date()

    def new_key(self, order: str) -> str:
        """The order id; with a number after it when it was used before. A server error used nothing."""
        book = self._book()
        if not order:
            self._made += 1
            order = f"none{len(book)}{self._made}"
        key, number = order, 1
        while (known := book.get(key)) is not None and known.script.answer is not Answer.SERVER_ERROR:
            number += 1
            key = f"{order}{AGAIN}{number}"
        return key

    def file(self, key: str, retref: str = "") -> Filed:
        if retref:
            self._retrefs[key] = retref
            self._keys[retref] = key
        return self._filed(key, self._book()[key])

    def by_retref(self, retref: str) -> Filed | None:
        book = self._book()
        if retref not in self._keys:
            self._keys |= {self._retref(key): key for key, known in book.items() if known.reference}
        key = self._keys.get(retref)
        return None if key is None else self._filed(key, book[key])

    def by_order(self, order: str) -> list[Filed]:
        book, found, key, number = self._book(), [], order, 1
        while (known := book.get(key)) is not None:
            if known.reference:
                found.append(self._filed(key, known))
            number += 1
            key = f"{order}{AGAIN}{number}"
        return found

    def all(self) -> Iterator[Filed]:
        """Whatever moved money, or gave it back."""
        for key, known in self._book().items():
            if known.script.effect in (*MOVED, Effect.REFUNDED):
                yield self._filed(key, known)

    def hold(self, key: str, request: Request) -> str:
        """Keeps an authorisation; answers its retref."""
        retref = self._retref(key)
        self._held[retref] = request
        return retref

    def release(self, retref: str) -> Request | None:
        return self._held.pop(retref, None)

    def _book(self) -> Mapping[str, Remembered]:
        return self._simulator.book(self.organisation, self.merchant)

    def _filed(self, key: str, known: Remembered) -> Filed:
        return Filed(key, self._retref(key), known)

    def _retref(self, key: str) -> str:
        """Twelve digits that follow from the key, so that they survive the process."""
        if key in self._retrefs:
            return self._retrefs[key]
        text = f"{self.organisation}\0{self.merchant}\0{key}"
        return f"{int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % 10**12:012}"
