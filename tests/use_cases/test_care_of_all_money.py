"""Refunds and e-checks pass the same door as charges: the cap, the rate and the breaker hold for all that is asked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.care import CareState
from domain.caring import THRESHOLD
from domain.echeck import EcheckState
from domain.refund import RefundState
from domain.use_cases.register import register_organisation
from tests.echeck_world import EcheckWorld
from tests.use_cases.outage import silent
from tests.world import ACCOUNT, ORGANISATION

CAP, MANY = 10, 45


@pytest.fixture
def club(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    made = EcheckWorld(migrated_sqlite_url, tmp_path)
    try:
        made.club()
        made.client()
        yield made
    finally:
        made.close()


def account(club: EcheckWorld, **settings: Any) -> None:
    one = {"id": ACCOUNT, "processor": "simulator", "kinds": ("card", "echeck"), "settings": settings}
    club.books.run(lambda tx: register_organisation(tx, organisation=ORGANISATION, given={}, accounts=[one], by="test"))


def tick(club: EcheckWorld, **delta: float) -> None:
    club.wait(**delta)
    club.work()
    club.hand_over()


def test_an_outage_at_the_cut_off_is_one_incident_and_every_echeck_is_handed_over_after_it(club: EcheckWorld) -> None:
    account(club, concurrency=CAP, rate_per_s=50, deadline_s=0.05)
    method = club.account_on_file()
    for _ in range(MANY):
        club.pay(100, payment_method=method)
    well = club.gateway
    with silent() as gone:
        club.gateway = gone
        club.evening()
        for _ in range(20):
            tick(club, seconds=1)
        asked = [one for one in club.echecks() if one.sends]
        assert THRESHOLD <= len(asked) <= THRESHOLD + CAP
        care = club.books.run(lambda tx: tx.care(ORGANISATION, ACCOUNT), read_only=True)
        assert care.state is not CareState.CLOSED
        assert (club.items(), club.debited()) == ([], 0)
    club.gateway = well
    for _ in range(60):
        tick(club, seconds=20)
    assert {one.state for one in club.echecks()} == {EcheckState.SUBMITTED}
    assert (club.debited(), club.items()) == (100 * MANY, [])
    club.sound()


def test_a_refund_that_asks_first_is_two_questions_and_a_small_rate_only_slows_it_down(club: EcheckWorld) -> None:
    account(club, rate_per_s=1, refund_before_settlement=False)
    refunds = []
    for _ in range(3):
        refunds.append(club.refund(club.paid(), 10_000))
        club.wait(seconds=2)
    club.night()
    began = club.now
    while {club.refunded(one).state for one in refunds} != {RefundState.SUBMITTED}:
        assert club.now - began < timedelta(seconds=30)
        club.wait(seconds=0.5)
        club.work()
    assert club.now - began >= timedelta(seconds=4)
    assert club.moved("voided") == 30_000


def test_R6_a_refund_whose_charge_nobody_knows_any_more_ends_with_a_person(club: EcheckWorld) -> None:
    account(club, refund_before_settlement=False)
    payment = club.paid()
    path = club.simulator._journal.path
    club.simulator.close()
    path.write_text("")  # its processor has forgotten it: it was long ago
    refund = club.refund(payment, 10_000)
    for _ in range(10):
        club.night()
    assert (club.refunded(refund).state, club.items()) == (RefundState.PENDING, [])
    club.night(days=2)
    assert club.refunded(refund).state is RefundState.FAILED
    (item,) = club.items()
    assert (item.reason, item.payment, club.balance()) == ("processing_error", payment, -10_000)
    club.sound()
