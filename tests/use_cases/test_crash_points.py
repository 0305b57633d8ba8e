"""The axe: the process dies between any two steps of promise, ask, record; no money moves twice, none is lost.

A crash is a BaseException raised where a real process would be gone: before the n-th statement, at a commit,
right after it, before or after the gateway was asked. The next process frees what the dead one held.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.organisation import MerchantAccount
from domain.outcome import Charge, Finding, LookUp, Outcome
from domain.payment import PaymentState
from domain.ports import Gateway
from domain.use_cases.charge_payments import charge_payments
from domain.use_cases.start_nights import start_nights
from tests.through import Through
from tests.world import ACCOUNT, ORGANISATION, World

TOKENS = {
    "tok_approve": PaymentState.PAID,
    "tok_insufficient_funds": PaymentState.FAILED,
    "tok_timeout_after_charge": PaymentState.PAID,
    "tok_500_then_approve": PaymentState.PAID,
}


class Crash(BaseException):
    """The process is gone."""


@contextmanager
def crash_before_statement(engine: Engine, number: int) -> Iterator[list[int]]:
    """Dies before the `number`-th statement from now; counts in the list that it gives."""
    seen = [0]

    def count(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise Crash(f"before statement {number}")

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", count)


@contextmanager
def crash_at_commit(engine: Engine, number: int) -> Iterator[list[int]]:
    """Dies at the `number`-th commit, before the database has it."""
    seen = [0]

    def count(_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise Crash(f"at commit {number}")

    event.listen(engine, "commit", count)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", count)


class CrashingBooks:
    """Dies right after the `number`-th transaction was committed: the caller never learns of it (F-06)."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.left = number

    def run(self, work: Callable[[Any], Any]) -> Any:
        result = self.world.books.run(work)
        self.left -= 1
        if self.left == 0:
            raise Crash("after the commit")
        return result


class CrashingGateway(Through):
    """Dies before the gateway was asked, or after it has answered."""

    def __init__(self, gateway: Gateway, *, after: bool) -> None:
        super().__init__(gateway)
        self.after = after

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        if self.after:
            self.gateway.charge(account, charges)
        raise Crash("after" if self.after else "before")

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        raise Crash("look-up")


def charge(club: World, *, books: Any = None, gateway: Gateway | None = None) -> None:
    chosen = gateway or club.gateway
    charge_payments(
        books or club.books,
        lambda _: chosen,
        club.leases,
        club.log,
        organisation=ORGANISATION,
        account=ACCOUNT,
    )


def due(club: World, token: str, client: str) -> str:
    """One instalment of this client that tonight's run has made due."""
    payment = club.owing(token, client=client)
    club.wait(days=1)
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    return payment


def check(club: World, payment: str, client: str, token: str) -> None:
    """The next process frees what the dead one held, climbs the ladder, and all is as if nothing had been."""
    club.leases.reap(everyone_else=True)
    club.work()
    club.climb()
    state = club.payment(payment).state
    assert state is TOKENS[token], (token, state)
    captured = [
        line
        for line in club.journal()
        if line["effect"] == "captured" and line["key"].startswith(club.payment(payment).ref)
    ]
    assert len(captured) == (1 if state is PaymentState.PAID else 0)
    assert club.balance(client) == (0 if state is PaymentState.PAID else 10_000)
    waiting = club.items(payment=payment, state="open")
    assert len(waiting) == (0 if state is PaymentState.PAID else 1)


class Counting(Through):
    """Notes how many statements there were before the gateway was asked."""

    def __init__(self, gateway: Gateway, seen: list[int]) -> None:
        super().__init__(gateway)
        self.seen = seen
        self.promise = 0

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        self.promise = self.seen[0]
        return self.gateway.charge(account, charges)


def statements_of_promise(club: World) -> int:
    due(club, "tok_approve", "c-0")
    with crash_before_statement(club.engine, 10_000) as seen:
        counting = Counting(club.gateway, seen)
        charge(club, gateway=counting)
    assert 5 < counting.promise < seen[0]
    return counting.promise


@pytest.mark.parametrize("token", TOKENS)
def test_F01_F05_a_crash_before_any_statement_of_promise_and_record(club: World, token: str) -> None:
    """What the gateway will say is not known to the promise: it is broken up once, each record for itself."""
    first = 0 if token == "tok_approve" else statements_of_promise(club)
    number = first
    while True:
        number += 1
        client = f"c-{number}"
        payment = due(club, token, client)
        try:
            with crash_before_statement(club.engine, number):
                charge(club)
        except Crash:
            check(club, payment, client, token)
            continue
        break
    assert number > (15 if first == 0 else first + 5)  # as many statements at least: the faults did fire


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("number", [1, 2])
def test_F05_a_crash_at_each_commit(club: World, token: str, number: int) -> None:
    payment = due(club, token, "c-7")
    with pytest.raises(Crash), crash_at_commit(club.engine, number):
        charge(club)
    check(club, payment, "c-7", token)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("number", [1, 2])
def test_F06_F07_a_crash_right_after_each_commit(club: World, token: str, number: int) -> None:
    payment = due(club, token, "c-7")
    with pytest.raises(Crash):
        charge(club, books=CrashingBooks(club, number))
    check(club, payment, "c-7", token)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_F02_F03_F04_a_crash_before_and_after_the_gateway_was_asked(club: World, token: str, after: bool) -> None:
    payment = due(club, token, "c-7")
    with pytest.raises(Crash):
        charge(club, gateway=CrashingGateway(club.gateway, after=after))
    check(club, payment, "c-7", token)


@pytest.mark.parametrize("token", ["tok_timeout_after_charge", "tok_500_then_approve"])
def test_F03_a_crash_before_any_statement_of_a_look_up(club: World, token: str) -> None:
    """Look-ups and repeated sends die as charges do: on every rung, before every statement."""
    number, fired = 0, 0
    while True:
        number += 1
        client = f"c-{number}"
        payment = due(club, token, client)
        charge(club)
        crashed = False
        for seconds in (1, 2, 5, 15):
            club.wait(seconds=seconds)
            try:
                with crash_before_statement(club.engine, number):
                    club.resolve()
            except Crash:
                crashed = True
                fired += 1
                club.leases.reap(everyone_else=True)
        check(club, payment, client, token)
        if not crashed:
            break
    assert fired > 10
