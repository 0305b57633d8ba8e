"""Ten thousand retries in one act (A6): frozen on the page, carried out through crashes, charged once each."""

import time

import pytest

from adapters.bulk_acting import carry_out
from tests.bench.screens import seed
from tests.bench.stage import CLUB
from tests.use_cases.test_crash_points import Crash, crash_at_commit, crash_before_statement
from tests.web.office import Office
from tests.world import world

ITEMS = 10_000


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_A6_a_bulk_retry_of_ten_thousand_survives_crashes_and_is_finished_once(migrated_postgres_url, tmp_path):
    seed(migrated_postgres_url, clients=ITEMS // 2, items=ITEMS, transactions=ITEMS * 2)
    with world(migrated_postgres_url, tmp_path) as made:
        made.now = made.books.run(lambda tx: tx.connection.exec_driver_sql("SELECT now()").scalar_one())
        office = Office(made)
        browser = office.at_work("emma", organisation=CLUB)
        began = time.monotonic()
        page = browser.press("Retry selected", all="1")
        assert page.words.count(f"Retry {ITEMS} payments") > 0
        print(f"frozen in {time.monotonic() - began:.1f} s")
        browser.press(f"Retry {ITEMS} payments")
        began = time.monotonic()
        for crash, number in ((crash_before_statement, 2_000), (crash_at_commit, 30), (crash_before_statement, 9_999)):
            with crash(made.engine, number), pytest.raises(Crash):
                all_of(office)
        all_of(office)
        print(f"carried out in {time.monotonic() - began:.1f} s")
        office.work()
        assert made.scalar("SELECT count(*) FROM bulk_rows WHERE state = 'done'") == ITEMS
        assert made.scalar("SELECT count(*) FROM bulk_acts WHERE state = 'ended'") == 1
        assert made.scalar("SELECT count(*) FROM attempts WHERE state = 'approved'") == ITEMS
        assert made.scalar("SELECT max(number) FROM attempts") == 2
        assert made.scalar("SELECT count(*) FROM action_items WHERE state = 'resolved'") == ITEMS
        assert made.captured() == made.scalar("SELECT sum(amount) FROM action_items")


def all_of(office):
    while carry_out(office.app, organisation=CLUB):
        pass
