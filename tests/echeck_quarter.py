"""A season of e-checks: receipts every day, returns of all kinds, late ones, outages; then the books are compared."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from adapters.bank_files.mailbox import Mailbox, NotReached
from domain.action_item import ItemState
from domain.echeck import EcheckState
from domain.organisation import MerchantAccount
from domain.outcome import Debit, NotSent, Outcome
from tests.bank_world import FileWorld
from tests.echeck_world import EcheckWorld
from tests.through import Through

CLIENTS = 40
RETURNED = 0.03
OUTAGE = 0.08  # of days
TAIL = timedelta(days=100)  # until nobody can return anything any more
# days after it was sent, and the code: want of funds, closed, not there, frozen, stopped, unauthorised (late)
KINDS = {
    "nacha": [(1, "R01"), (1, "R02"), (2, "R03"), (2, "R16"), (2, "R08"), (1, "R09"), (45, "R10"), (30, "R07")],
    "cpa005": [(1, "901"), (2, "905"), (2, "902"), (3, "911"), (2, "903"), (1, "908"), (60, "917"), (30, "915")],
}


class Season:
    """By bank file, with a bank that answers in letters; or through the simulator, whose tokens say what comes."""

    def __init__(self, club: EcheckWorld, *, weekly: int, weeks: int, seed: int = 11) -> None:
        self.club = club
        self.dice = random.Random(seed)
        self.daily = weekly / 7
        self.last = club.today() + timedelta(weeks=weeks)
        self.asked: list[str] = []
        self.due: dict[date, list[tuple[str, str]]] = {}
        self.methods: dict[str, str] = {}

    def run(self) -> None:
        """Day by day to the end of the season, then in steps until the last window is over."""
        for number in range(CLIENTS):
            self.club.client(f"c-{number}")
        while self.club.today() < self.last:
            self.a_day()
        end = self.last + TAIL
        while self.club.today() < end:
            self.club.at(min(self.club.today() + timedelta(days=10), end), 4)
            self.bank_says()
            self.club.settle_down()
            self.club.evening()

    def a_day(self) -> None:
        self.club.tomorrow()
        away = self.dice.random() < OUTAGE
        self.outage(away)
        self.bank_says()
        self.club.settle_down()
        self.club.at(self.club.today(), 10)
        count = int(self.daily) + (self.dice.random() < self.daily % 1)
        for _ in range(count):
            self.asked.append(self.present())
        self.club.evening()
        self.outage(False)

    def present(self) -> str:
        """What comes back has an account of its own: a dead one is never used again."""
        client, returns = f"c-{self.dice.randrange(CLIENTS)}", self.dice.random() < RETURNED
        if not returns and client not in self.methods:
            self.methods[client] = self.account(client, returns=False)
        method = self.account(client, returns=True) if returns else self.methods[client]
        told = self.club.pay(self.dice.randrange(500, 50_000), client=client, payment_method=method)
        if told is None:
            raise AssertionError("an e-check is a receipt at once")
        if returns:
            self.will_return(str(told["payment"]))
        return str(told["payment"])

    def account(self, client: str, *, returns: bool) -> str:
        raise NotImplementedError

    def will_return(self, payment: str) -> None:
        """A bank that answers in letters has to be told."""

    def outage(self, away: bool) -> None:
        raise NotImplementedError

    def bank_says(self) -> None:
        """Letters of the day, where there is a bank."""

    def states(self) -> Counter[EcheckState]:
        return Counter(one.state for one in self.club.echecks())

    def ended(self) -> None:
        """Each is settled, returned, or a person has an item; and the books agree to the cent."""
        echecks = self.club.echecks()
        waiting = {item.payment for item in self.club.items(state=[ItemState.OPEN])}
        ended = (EcheckState.SETTLED, EcheckState.RETURNED)
        assert [one.id for one in echecks if one.state not in ended and one.payment not in waiting] == []
        returned = {one.payment for one in echecks if one.state is EcheckState.RETURNED}
        assert returned <= waiting
        sent = sum(one.amount for one in echecks)
        back = sum(one.amount for one in echecks if one.state is EcheckState.RETURNED)
        clearing = "SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE substr(account, 1, 9) = 'clearing:'"
        assert int(self.club.scalar(clearing)) == sent - back
        assert sum(batch.total for batch in self.club.batches()) == sent
        assert self.at_the_bank() == sent
        self.club.sound()

    def at_the_bank(self) -> int:
        raise NotImplementedError


class FiledSeason(Season):
    """Three in a hundred come back, on the days on which banks send each kind."""

    club: FileWorld

    def account(self, client: str, *, returns: bool) -> str:
        return self.club.account_on_file(client=client)

    def will_return(self, payment: str) -> None:
        after, code = self.dice.choice(KINDS[self.club.rail])
        on = self.club.today() + timedelta(days=4 + after)  # over a weekend and a holiday
        self.due.setdefault(on, []).append((payment, code))

    def outage(self, away: bool) -> None:
        def refuse(box: Mailbox) -> Mailbox:
            raise NotReached("connection_lost")

        self.club.box = refuse if away else lambda box: box

    def bank_says(self) -> None:
        """Out of order, sometimes twice; what it has not had yet comes another day."""
        self.club.bank.collect()
        for day in sorted(day for day in self.due if day <= self.club.today()):
            said = self.due.pop(day)
            self.dice.shuffle(said)
            late = [one for one in said if not self._has(one[0])]
            if late:
                self.due.setdefault(self.club.today() + timedelta(days=2), []).extend(late)
            records = [self.club.say(payment, code) for payment, code in said if self._has(payment)]
            if records:
                again = records[:1] if self.dice.random() < 0.2 else []
                name = f"r-{day}-{self.dice.randrange(10**9)}.txt"
                self.club.bank.say(name, "\n".join(line for lines in [*records, *again] for line in lines) + "\n")

    def _has(self, payment: str) -> bool:
        key = self.club.echeck(payment).id
        return (key[:15] if self.club.rail == "nacha" else key) in self.club.bank.entries

    def at_the_bank(self) -> int:
        self.club.bank.collect()
        assert self.due == {}
        return sum(self.club.bank.entries.values())


class SimulatedSeason(Season):
    """The simulator's journal is the bank's book."""

    TOKENS = ("echeck_nsf", "echeck_unauthorised_late")

    def account(self, client: str, *, returns: bool) -> str:
        return self.club.account_on_file(self.dice.choice(self.TOKENS) if returns else "echeck_settle", client=client)

    def outage(self, away: bool) -> None:
        if away:
            self.club.gateway = Away(self.club.gateway)
        elif isinstance(self.club.gateway, Away):
            self.club.gateway = self.club.gateway.gateway

    def at_the_bank(self) -> int:
        return self.club.debited()


class Away(Through):
    """A processor that can't be reached to hand e-checks over."""

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return [NotSent(why="refused") for _ in debits]


def figures(season: Season) -> dict[str, Any]:
    """What a soak tells of itself."""
    return {state.value: count for state, count in sorted(season.states().items())} | {
        "batches": len(season.club.batches()), "items": len(season.club.items()),
    }  # fmt: skip
