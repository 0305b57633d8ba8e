"""Care for the processor: an outage is one incident, a cap and a rate hold, and nobody starves another."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.care import Care, CareState
from domain.caring import PROBES, THRESHOLD
from domain.event import Event
from tests.use_cases.outage import owe_many, silent, unreachable
from tests.world import ACCOUNT, ORGANISATION, World

CAP, RATE = 20, 50
TWO_HOURS = timedelta(hours=2)


def care_of(club: World) -> Care:
    return club.books.run(lambda tx: tx.care(ORGANISATION, ACCOUNT), read_only=True)


def events_of(club: World, *types: str) -> list[Event]:
    return club.books.run(lambda tx: tx.all(Event, order_by="id", type=list(types)), read_only=True)


def paid(club: World) -> int:
    return int(club.scalar("SELECT count(*) FROM payments WHERE state = 'paid'"))


def sent(club: World) -> int:
    """Payments for which anything was ever asked."""
    return int(club.scalar("SELECT count(*) FROM attempts"))


def tick(club: World, **delta: float) -> None:
    """Time goes on, and the sweep finds what is due."""
    club.wait(**delta)
    club.work()


def fastest_second(club: World) -> int:
    """The most charges of any second, as the simulator's own book says."""
    asked = sorted(datetime.fromisoformat(line["at"]) for line in club.journal() if line["operation"] == "charge")
    most, start = 0, 0
    for end, at in enumerate(asked):
        while at - asked[start] >= timedelta(seconds=1):
            start += 1
        most = max(most, end - start + 1)
    return most


def outage(club: World, count: int, fault: Any, *, spoken: int) -> None:
    """A night of `count` charges; after `spoken` seconds the processor is gone for two hours."""
    club.account(concurrency=CAP, rate_per_s=RATE, deadline_s=0.05)
    owe_many(club, count)
    club.night()
    for _ in range(spoken):
        tick(club, seconds=1)
    before, well = paid(club), club.gateway
    assert 0 < before < count
    with fault() as gone:
        club.gateway = gone
        began = club.now
        asked = sent(club)
        while care_of(club).state is CareState.CLOSED:
            tick(club, seconds=1)
        assert THRESHOLD <= sent(club) - asked <= THRESHOLD + CAP
        opened_for = sent(club)
        while club.now - began < TWO_HOURS:
            club.now = max(club.now + timedelta(seconds=10), care_of(club).not_before or club.now)
            club.work()
        probed = sent(club) - opened_for
        assert probed <= 12 * PROBES, "a charge probes seldom: look-ups do it first"
        assert paid(club) == before
        assert club.items() == []
    club.gateway = well
    for _ in range(count // RATE + 400):
        tick(club, seconds=1)
        if paid(club) == count:
            break


def test_an_outage_in_the_middle_of_a_night_is_one_incident_and_all_is_charged_after_it(club: World) -> None:
    outage(club, 120, silent, spoken=0)
    told(club, 120)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", [unreachable, silent])
def test_an_outage_of_two_hours_in_a_night_of_five_thousand_charges(club: World, fault: Any) -> None:
    outage(club, 5_000, fault, spoken=20)
    told(club, 5_000)


def told(club: World, count: int) -> None:
    assert paid(club) == count
    assert club.captured() == 5_000 * count
    assert club.items() == []
    assert care_of(club).state is CareState.CLOSED
    assert [one.type for one in events_of(club, "breaker.opened", "breaker.closed")] == [
        "breaker.opened", "breaker.closed",
    ]  # fmt: skip
    assert fastest_second(club) <= 2 * RATE, "the rate, and what the bucket holds"
    assert club.simulator.concurrency.peaks[ORGANISATION, ACCOUNT] <= CAP
    captured = Counter(line["key"] for line in club.journal() if line["effect"] == "captured")
    assert set(captured.values()) == {1}


def test_after_an_outage_work_resumes_without_a_storm(club: World) -> None:
    club.account(concurrency=THRESHOLD)
    owe_many(club, 100)
    well = club.gateway
    with unreachable() as gone:
        club.gateway = gone
        club.night()
        assert care_of(club).state is CareState.OPEN
    club.gateway = well
    club.wait(seconds=1)
    sizes = []
    while done := club.charge() or club.resolve():
        sizes.append(done)
    assert sizes[0] <= PROBES
    assert all(later <= 2 * earlier + PROBES for earlier, later in pairwise(sizes)), sizes


def test_nineteen_lost_answers_are_no_incident_and_an_approval_counts_anew(club: World) -> None:
    owe_many(club, THRESHOLD - 1, token="tok_timeout_before_charge")
    club.night()
    assert (care_of(club).state, care_of(club).misses) == (CareState.CLOSED, THRESHOLD - 1)
    club.client("c-9")
    club.pay(1_000, client="c-9", payment_method=club.card(client="c-9"))
    club.work()
    assert care_of(club).misses == 0


def test_answered_look_ups_reset_what_was_missed(club: World) -> None:
    owe_many(club, THRESHOLD - 1, token="tok_timeout_after_charge")
    club.night()
    tick(club, seconds=2)
    assert (paid(club), care_of(club).misses) == (THRESHOLD - 1, 0)


def test_declines_are_answers(club: World) -> None:
    owe_many(club, 50, token="tok_lost_card")
    club.night()
    assert (care_of(club).state, len(club.items())) == (CareState.CLOSED, 50)


def test_a_breaker_that_is_switched_off_never_opens(club: World) -> None:
    club.account(breaker=False)
    owe_many(club, 60, token="tok_timeout_before_charge")
    club.night()
    assert care_of(club).state is CareState.CLOSED
    assert events_of(club, "breaker.opened") == []


def test_charges_that_are_lost_while_look_ups_are_answered_are_not_thrown_after_each_other(club: World) -> None:
    """The processor answers look-ups, and no charge: each probe of a charge is one of a few."""
    club.account(concurrency=CAP)
    owe_many(club, 100, token="tok_timeout_before_charge")
    club.night()
    for _ in range(20):
        tick(club, seconds=30)
    assert sent(club) <= THRESHOLD + CAP + 20


def test_a_care_without_a_limit_costs_no_writing(club: World) -> None:
    owe_many(club, 20)
    club.night()
    assert paid(club) == 20
    assert club.scalar("SELECT count(*) FROM cares") == 0
