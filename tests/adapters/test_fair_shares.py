"""Fair shares: whoever has much due does not keep others waiting."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from adapters import errands
from adapters.errands import Errand, ErrandKind, due_errands, in_turns, run_errand
from domain.payment import PaymentState
from domain.use_cases.start_nights import start_nights
from tests.use_cases.outage import owe_many
from tests.web.office import Office
from tests.world import ORGANISATION, world


def charge(organisation: str, account: str) -> Errand:
    return Errand(kind=ErrandKind.CHARGE, organisation=organisation, account=account)


def test_organisations_take_turns_however_many_accounts_each_has() -> None:
    many = [charge("big", f"m-{number}") for number in range(50)]
    first: Counter[int] = Counter()
    for _ in range(20):
        order = in_turns([*many, charge("small", "m-1"), charge("tiny", "m-1")])
        assert sorted(order, key=str) == sorted([*many, charge("small", "m-1"), charge("tiny", "m-1")], key=str)
        assert {one.organisation for one in order[:3]} == {"big", "small", "tiny"}
        first[["big", "small", "tiny"].index(order[0].organisation)] += 1
    assert len(first) > 1, "who comes first is drawn anew"


def test_ten_of_one_organisation_are_charged_while_another_has_a_thousand_due(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    """One worker, a processor that takes its time: the turn of the large one ends, the small one has its own."""
    with world(migrated_sqlite_url, tmp_path) as made:
        office = Office(made)
        for organisation, count in ((ORGANISATION, 400), ("small", 10)):
            made.organisation(organisation)
            made.account(organisation, concurrency=5)
            owe_many(made, count, organisation=organisation)
        made.now = made.now.replace(day=25, hour=9)
        for organisation in (ORGANISATION, "small"):
            made.books.run(lambda tx, o=organisation: start_nights(tx, organisation=o))  # type: ignore[misc]
        turns: list[str] = []
        started = time.monotonic()
        queue = [charge(ORGANISATION, "main"), charge("small", "main")]
        while _left(made, "small"):
            errand = queue.pop(0)
            turns.append(errand.organisation)
            run_errand(office.app, errand)
            if errand in made.books.run(due_errands):
                queue.append(errand)  # as a worker rings again for what is left, at the end of the queue
        assert turns[:2] == [ORGANISATION, "small"]
        assert _left(made, ORGANISATION) > 0, "the large one is far from its end"
        assert time.monotonic() - started < 5 * errands.TURN_S


def _left(made: Any, organisation: str) -> int:
    return int(
        made.scalar(
            f"SELECT count(*) FROM payments WHERE organisation = '{organisation}' "
            f"AND state = '{PaymentState.SCHEDULED.value}'"
        )
    )
