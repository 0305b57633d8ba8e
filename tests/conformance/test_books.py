"""A club that is charged through CardPointe: each attempt has its own key, and money moves once whatever is lost."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.doctor_accounts import accounts
from adapters.database.invariants import broken
from adapters.settings import Settings
from domain.attempt import MAX_SENDS, Attempt, AttemptState
from domain.organisation import MerchantAccount
from domain.outcome import Cancellation, Charge, NoAnswer, Outcome
from domain.payment import PaymentState
from domain.ports import Gateway
from domain.use_cases.register import register_organisation
from tests.conformance.peers import IMPATIENT_S, PATIENT_S, PEERS, Peer
from tests.conformance.serving import Serving
from tests.through import Through
from tests.world import ACCOUNT, ORGANISATION, World


class Club(World):
    """A world whose merchant account is at CardPointe."""

    peer: Peer

    def reach(self, *, deadline_s: float = PATIENT_S) -> None:
        """Registers the account, or how long it waits."""
        given = {"name": "Club", "timezone": "America/Toronto", "currency": "CAD", "language": "en"}
        settings = {**self.peer.settings, "deadline_s": deadline_s}
        account = {"id": ACCOUNT, "processor": "cardpointe", "kinds": ("card",), "settings": settings}
        self.books.run(
            lambda tx: register_organisation(tx, organisation=ORGANISATION, given=given, accounts=[account], by="test")
        )

    def climb(self) -> None:
        """From rung to rung: the ladder of a real processor takes three days."""
        while waiting := [one.next_at for one in self.books.run(lambda tx: tx.all(Attempt)) if one.next_at]:
            self.now = max(self.now, min(waiting))
            self.work()

    def broken(self) -> dict[str, list[dict[str, Any]]]:
        """Invariants that don't hold, with their rows."""
        with self.books.begin(read_only=True) as tx:
            return {name: rows for name, rows in broken(tx).items() if rows}

    def keys(self, operation: str) -> list[str]:
        return [line["key"] for line in self.peer.serving.lines() if line["operation"] == operation]


@pytest.fixture
def club(migrated_url: str, tmp_path: Path, serving: Serving) -> Iterator[Club]:
    peer = PEERS["cardpointe"](serving, serving.url)
    peer.organisation = ORGANISATION
    made = Club(migrated_url, tmp_path / "unused", gateway=peer.gateway)
    made.peer = peer
    serving.clock = lambda: made.now
    try:
        made.reach()
        yield made
    finally:
        made.close()
        peer.gateway.close()  # type: ignore[attr-defined]


class Lossy(Through):
    """Loses the first charge on its way; what was lost arrives, if at all, just before a cancellation."""

    def __init__(self, gateway: Gateway, *, arrives_late: bool = False) -> None:
        super().__init__(gateway)
        self._arrives_late = arrives_late
        self._lost: Sequence[Charge] | None = None

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        if self._lost is None:
            self._lost = charges
            return [NoAnswer(why="timeout") for _ in charges]
        return self.gateway.charge(account, charges)

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        if self._arrives_late and self._lost:
            self.gateway.charge(account, self._lost)
            self._lost = ()
        return self.gateway.cancel(account, cancellations)


def test_I4_a_night_charges_what_is_due_through_cardpointe(club: Club):
    paid, refused = club.owing("tok_approve", 4500, client="c-1"), club.owing("tok_lost_card", 3300, client="c-2")
    club.night()

    assert club.payment(paid).state is PaymentState.PAID
    assert club.payment(refused).state is PaymentState.FAILED
    assert club.item(refused).reason == "lost_card"
    (attempt,) = club.attempts(paid)
    assert attempt.detail["said"]["respstat"] == "A"
    assert "tok_approve" not in str(attempt.detail)
    assert club.peer.moved("captured") == 4500
    assert club.broken() == {}


def test_F23_a_charge_whose_answer_was_lost_is_found_by_its_order_id(club: Club):
    id = club.owing("tok_timeout_after_charge")
    club.reach(deadline_s=IMPATIENT_S)
    club.night()
    assert club.payment(id).state is PaymentState.UNKNOWN
    club.reach()
    club.climb()

    assert club.payment(id).state is PaymentState.PAID
    assert len(club.attempts(id)) == 1
    assert club.peer.moved("captured") == 10_000


def test_F30_what_surely_never_arrived_is_cancelled_and_charged_under_a_new_key(club: Club):
    club.gateway = Lossy(club.gateway)
    id = club.owing("tok_approve")
    club.night()
    club.climb()

    first, second = club.attempts(id)
    assert club.payment(id).state is PaymentState.PAID
    assert (first.state, second.state) == (AttemptState.CLOSED, AttemptState.APPROVED)
    assert club.keys("charge") == [second.key]
    assert club.peer.moved("captured") == 10_000
    assert club.items() == []
    assert club.broken() == {}


def test_INV1_a_charge_that_arrives_after_all_is_undone_before_another_one_is_made(club: Club):
    club.gateway = Lossy(club.gateway, arrives_late=True)
    id = club.owing("tok_approve")
    club.night()
    club.climb()

    first, second = club.attempts(id)
    assert club.payment(id).state is PaymentState.PAID
    assert club.keys("charge") == [first.key, second.key]
    assert club.peer.effects() == ["captured", "voided", "captured"]
    assert first.state is AttemptState.CLOSED


def test_INV21_what_never_arrives_ends_with_a_person_after_three_attempts(club: Club):
    id = club.owing("tok_timeout_before_charge")
    club.reach(deadline_s=IMPATIENT_S)
    club.night()
    club.climb()

    keys = club.keys("charge")
    assert len(keys) == len(set(keys)) == MAX_SENDS
    assert club.payment(id).state is PaymentState.FAILED
    assert club.item(id).reason == "processing_error"
    assert club.peer.effects() == []
    assert club.broken() == {}


class Mute(Through):
    """A processor that says nothing about what it was asked to cancel."""

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        return [NoAnswer(why="timeout") for _ in cancellations]


def test_A10_no_other_attempt_is_made_while_the_first_could_not_be_cancelled(club: Club):
    club.gateway = Mute(Lossy(club.gateway))
    id = club.owing("tok_approve")
    club.night()
    club.climb()

    assert club.payment(id).state is PaymentState.IN_DOUBT
    assert len(club.attempts(id)) == 1
    assert club.peer.effects() == []


def test_F122_the_doctor_names_the_account_whose_secret_is_not_here(club: Club):
    def found(**credentials: dict[str, str]) -> list[tuple[str, bool]]:
        settings = Settings(_env_file=None, database_url=club.url, credentials=credentials)
        return [(one.check, one.trouble) for one in accounts(settings)]

    assert found() == [("accounts", True)]
    assert found(other={ACCOUNT: "user:hunter2"}) == [("accounts", True)]
    assert found(**{ORGANISATION: {ACCOUNT: "user:hunter2"}}) == [("accounts", False)]
