"""Whatever is sent, each envelope is accepted, refused or set apart, and the queue behind it goes on (F-47, F-48)."""

from collections import Counter
from itertools import islice
from random import Random

import pytest

from adapters.database.invariants import broken
from adapters.inbox.accept import Accepted, Quarantined, Refused
from adapters.inbox.results import results_of
from tests.adapters.inbox.mutating import envelopes
from tests.adapters.office import Office, make_payment

AT_ONCE = 200
ANSWERS = (Accepted, Refused, Quarantined)


def send(office: Office, count: int, seed: int) -> Counter[str]:
    """All of them, 200 at a time, a canary behind each lot; answers how many ended in which way."""
    sent = envelopes(Random(seed))
    ended: Counter[str] = Counter()
    for lot in range(count // AT_ONCE):
        canary = make_payment(100, offline="cash", id=f"canary-{seed}-{lot}")
        answers = office.accept_all(*islice(sent, AT_ONCE), canary)
        assert len(answers) == AT_ONCE + 1
        assert all(isinstance(answer, ANSWERS) for answer in answers)
        office.work()
        assert office.result("shop", canary["id"])["status"] == "done"
        places = [answer.seq for answer in answers if isinstance(answer, Accepted)]
        with office.app.books.begin(read_only=True) as tx:
            kept = results_of(tx, places)
        ended.update(command.status.value for command in kept.values())
        ended.update(type(answer).__name__ for answer in answers if not isinstance(answer, Accepted))
    return ended


def must_be_sound(office: Office, ended: Counter[str]) -> None:
    """Nothing was ours to blame, nothing is stuck, the books agree."""
    assert ended["quarantined"] == 0, "a command that was accepted met an error of ours"
    assert office.scalar("SELECT count(*) FROM quarantine WHERE reason IN ('internal_error', 'not_accepted')") == 0
    with office.app.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx).items() if rows} == {}
    assert all(ended[how] > 0 for how in ("done", "refused", "Refused", "Quarantined")), ended


def test_F47_two_thousand_envelopes_are_each_answered_and_none_holds_up_the_queue(small_office: Office):
    ended = send(small_office, 2_000, seed=11)
    must_be_sound(small_office, ended)
    assert ended["accepted"] <= 20  # charges without an answer yet climb their ladder


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(5))
def test_F47_a_hundred_thousand_envelopes_are_each_answered_and_none_holds_up_the_queue(office: Office, seed: int):
    """Twenty thousand for each of five seeds, on both databases."""
    must_be_sound(office, send(office, 20_000, seed=seed))
