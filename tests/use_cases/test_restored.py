"""A backup that is brought back (F-72): dumped, lived on, restored into another cluster; no money moves twice, and no
event is passed over."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from adapters.database import outbox
from adapters.database.origin import is_restored
from adapters.errands import due_errands
from adapters.restoring import restore
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.use_cases.start_nights import start_nights
from tests.servers import PostgresServer
from tests.web.office import Office
from tests.world import ORGANISATION, World

READER = "events"


def read(world: World) -> list[str]:
    """What a reader of the outbox is told next: the subjects."""

    def read_on(tx: object) -> list[str]:
        connection = tx.connection  # type: ignore[attr-defined]
        position = outbox.hold(connection, READER)
        assert position is not None
        found = outbox.read(connection, position)
        outbox.advance(connection, READER, found.position)
        return [row.subject for row in found.events]

    return world.books.run(read_on)


def test_F72_a_restored_backup_asks_for_nothing_twice_and_passes_no_event_over(
    migrated_postgres_url: str, own_postgres: PostgresServer, tmp_path: Path
):
    before = World(migrated_postgres_url, tmp_path)
    before.organisation()
    before.client()
    before.pay(5_000, payment="p-0", payment_method=before.card())
    before.charge()
    refund = before.refund("p-0", 5_000)
    payments = [before.owing(days=0, client=client) for client in ("c-1", "c-2")]
    before.books.run(lambda tx: outbox.hold(tx.connection, READER))
    told = len(read(before))
    before.owing(days=0, client="c-3")
    dump = subprocess.run([own_postgres.program("pg_dump"), "--no-owner", before.url], capture_output=True, check=True)
    before.night()  # after the backup: charged and given back, and forgotten
    assert before.payment(payments[0]).state is PaymentState.PAID
    assert before.refunded(refund).state is RefundState.SUBMITTED
    before.close()

    subprocess.run(
        [own_postgres.program("psql"), "--quiet", own_postgres.url], input=dump.stdout, capture_output=True, check=True
    )
    world = World(own_postgres.url, tmp_path)
    world.now = before.now
    office = Office(world)
    with world.books.begin(read_only=True) as tx:
        assert is_restored(tx.connection)
        assert due_errands(tx) == []
    office.work()
    assert world.payment(payments[0]).state is PaymentState.DUE

    done = restore(office.app)
    assert (done.adopted, done.unlisted, done.strangers) == (True, [], [])
    with world.books.begin(read_only=True) as tx:
        assert not is_restored(tx.connection)
    world.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    for _ in range(4):
        office.work()
        world.wait(seconds=10)
    assert {world.payment(payment).state for payment in payments} == {PaymentState.PAID}
    assert world.refunded(refund).state is RefundState.SUBMITTED
    asked = Counter(line["key"] for line in world.journal() if line["operation"] in ("charge", "refund"))
    assert len(asked) == 5
    assert set(asked.values()) == {1}  # nothing was sent again, not even under its own key
    later = read(world)
    assert len([one for one in later if one.startswith("plan:")]) == 1  # told before the backup, read after the restore
    assert {f"payment:{payment}" for payment in payments} <= set(later)
    assert told > 0
    assert read(world) == []
    world.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_books_that_were_always_here_are_not_taken_for_restored(kind: str, request: pytest.FixtureRequest):
    url = request.getfixturevalue({"sqlite": "migrated_sqlite_url", "postgresql": "migrated_postgres_url"}[kind])
    world = World(url, request.getfixturevalue("tmp_path"))
    with world.books.begin(read_only=True) as tx:
        assert not is_restored(tx.connection)
        assert tx.restored_at() is None
    world.close()
