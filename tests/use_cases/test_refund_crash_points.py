"""The axe over refunds: dead between any two steps of promise, ask, record; nothing goes back twice, none is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.giving_back import reap
from domain.organisation import MerchantAccount
from domain.outcome import Finding, LookUp, NoAnswer, Outcome, RefundOrder
from domain.ports import Gateway
from domain.refund import RefundState
from domain.use_cases.start_nights import start_nights
from domain.use_cases.submit_refunds import submit_refunds
from tests.lying import violated
from tests.through import Through
from tests.use_cases.test_crash_points import Crash, CrashingBooks, crash_at_commit, crash_before_statement
from tests.world import ACCOUNT, ORGANISATION, World

S = RefundState
TOKENS = {
    "tok_approve": S.SUBMITTED,
    "tok_refund_fails": S.FAILED,
    "tok_refund_timeout_after": S.SUBMITTED,
    "tok_refund_500": S.SUBMITTED,
}


class CrashingGateway(Through):
    """Dies before the gateway was asked, or after it has answered."""

    def __init__(self, club: World, *, after: bool) -> None:
        super().__init__(club.gateway)
        self.after = after

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        if self.after:
            self.gateway.refund(account, orders)
        raise Crash("after" if self.after else "before")


def send(club: World, *, books: Any = None, gateway: Any = None) -> None:
    chosen = gateway or club.gateway
    submit_refunds(
        books or club.books, lambda _: chosen, club.leases, club.log, organisation=ORGANISATION, account=ACCOUNT
    )


def due(club: World, token: str) -> str:
    """A refund whose night has begun."""
    refund = club.refund(club.paid(token, 1_000), 1_000)
    club.wait(days=1)
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    return refund


def check(club: World, refund: str, token: str) -> None:
    """The next process frees what the dead one held, climbs the ladder, and all is as if nothing had been."""
    club.leases.reap(everyone_else=True)
    club.work()
    club.climb()
    assert club.refunded(refund).state is TOKENS[token]
    keys = {one.key for one in club.repayments(refund=refund)}
    given = [line for line in club.journal() if line["key"] in keys and line["effect"] == "refunded"]
    assert (len(keys), len(given)) == (1, 1 if TOKENS[token] is S.SUBMITTED else 0)


def check_books(club: World) -> None:
    assert violated(club, late=timedelta(days=365)) == set()


class Counting(Through):
    """Notes how many statements there were before the gateway was asked."""

    def __init__(self, gateway: Gateway, seen: list[int]) -> None:
        super().__init__(gateway)
        self.seen = seen
        self.promise = 0

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        self.promise = self.seen[0]
        return self.gateway.refund(account, orders)


def statements_of_promise(club: World) -> int:
    due(club, "tok_approve")
    with crash_before_statement(club.engine, 10_000) as seen:
        counting = Counting(club.gateway, seen)
        send(club, gateway=counting)
    assert 5 < counting.promise < seen[0]
    return counting.promise


@pytest.mark.parametrize("token", ["tok_refund_fails", "tok_refund_500"])
def test_F01_F05_a_crash_before_any_statement_of_promise_and_record(club: World, token: str) -> None:
    """What the gateway will say is not known to the promise: it is broken up once, each record for itself."""
    first = 0 if token == "tok_refund_fails" else statements_of_promise(club)
    number = first
    while True:
        number += 1
        refund = due(club, token)
        try:
            with crash_before_statement(club.engine, number):
                send(club)
        except Crash:
            check(club, refund, token)
            continue
        break
    assert number > (20 if first == 0 else first + 5)  # as many statements at least: the faults did fire
    check_books(club)


@pytest.mark.parametrize("token", TOKENS)
def test_F02_F07_a_crash_at_and_after_each_commit_and_around_the_gateway(club: World, token: str) -> None:
    for number in (1, 2, 3):
        refund = due(club, token)
        with pytest.raises(Crash), crash_at_commit(club.engine, number):
            send(club)
        check(club, refund, token)
        refund = due(club, token)
        with pytest.raises(Crash):
            send(club, books=CrashingBooks(club, number))
        check(club, refund, token)
    for after in (False, True):
        refund = due(club, token)
        with pytest.raises(Crash):
            send(club, gateway=CrashingGateway(club, after=after))
        check(club, refund, token)
    check_books(club)


class Lying(Through):
    """A gateway whose answers to refunds come back changed on the way."""

    def __init__(self, club: World, change: Any) -> None:
        super().__init__(club.gateway)
        self.change = change

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return [self.change(one) for one in self.gateway.refund(account, orders)]

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        return [NoAnswer(why="timeout") for _ in questions]


def test_F28_a_refund_approved_for_another_amount_is_never_believed(club: World) -> None:
    refund = due(club, "tok_approve")
    send(club, gateway=Lying(club, lambda one: replace(one, amount_minor=one.amount_minor + 1)))
    assert club.refunded(refund).state is S.UNKNOWN
    check(club, refund, "tok_approve")
    check_books(club)


def test_F12_a_late_write_of_a_worker_that_was_taken_for_dead_is_refused(club: World) -> None:
    refund = due(club, "tok_approve")

    def meanwhile(one: Outcome) -> Outcome:
        held = [repayment.worker for repayment in club.repayments(refund=refund) if repayment.worker is not None]
        club.books.run(lambda tx: tx.write([reap(out, now=tx.now) for out in tx.held_by(held, 10)]))
        return one

    send(club, gateway=Lying(club, meanwhile))
    assert "repayment.discarded" in [name for name, _ in club.logged]
    assert club.refunded(refund).state is S.UNKNOWN
    check(club, refund, "tok_approve")
    check_books(club)
