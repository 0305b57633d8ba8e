"""A batch of commands leaves behind what the same commands leave one by one, and one that fails spoils no other."""

import json
import re
import shutil
import tempfile
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from adapters.database.batch import BatchTransaction
from adapters.inbox.handling import carry_out, handle_commands
from adapters.inbox.lanes import PATIENCE
from domain.decision import New
from domain.people import Client
from tests.adapters.inbox.plausible import plausible
from tests.adapters.office import Office, create_invoice, make_payment, register_administrator, register_client

ONE_BY_ONE = partial(carry_out, organisation="ymca", limit=1_000, patience=PATIENCE)
MINTED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TABLES = (
    "commands", "clients", "payment_methods", "invoices", "invoice_lines", "plans", "payments", "credits", "refunds",
    "consumptions", "funds", "allocations", "ledger_transactions", "ledger_entries", "events", "identities",
)  # fmt: skip
OF_THE_MOMENT = ("at", "created_at", "received_at", "done_at", "due_at", "ref", "key")


def written(office: Office) -> list[str]:
    """Every row that was written, in the order of writing; ids of ours by their first appearance."""
    named: dict[str, str] = {}
    told = []
    with office.app.books.begin(read_only=True) as tx:
        for table in TABLES:
            for row in tx.connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY rowid").mappings():
                kept = {name: value for name, value in row.items() if name not in OF_THE_MOMENT}
                if table == "commands":
                    del kept["id"]  # the furniture has another one each time
                text = f"{table} {json.dumps(kept, default=str)}"
                told.append(MINTED.sub(lambda found: named.setdefault(found[0], f"#{len(named)}"), text))
    return told


def open_office(file: Path, folder: str) -> Office:
    shutil.copy(file, folder)
    office = Office(f"sqlite:///{folder}/{file.name}", Path(folder))
    office.furnish()
    office.send(register_administrator("marie", "billing"))
    return office


def compare(file: Path, commands: list[dict[str, Any]]) -> None:
    outcomes = []
    for way in (_together, ONE_BY_ONE):
        with tempfile.TemporaryDirectory() as folder:
            office = open_office(file, folder)
            office.accept_all(*commands)
            office.app.books.run(way)
            outcomes.append(written(office))
            office.close()
    assert outcomes[0] == outcomes[1]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False), count=st.integers(30, 90))
def test_a_batch_writes_what_the_same_commands_write_one_by_one(migrated_sqlite_file: Path, random: Random, count: int):
    compare(migrated_sqlite_file, [plausible(random) for _ in range(count)])


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False), count=st.integers(2, 120))
def test_many_batches_write_what_the_same_commands_write_one_by_one(
    migrated_sqlite_file: Path, random: Random, count: int
):
    compare(migrated_sqlite_file, [plausible(random) for _ in range(count)])


def _together(tx: Any) -> None:
    """As `handle_commands` does it, without its second try."""
    batch = BatchTransaction(tx)
    ONE_BY_ONE(batch)
    batch.flush()


def test_on_postgresql_the_answers_are_the_same(office: Office):
    random = Random(3)
    commands = [plausible(random) for _ in range(150)]
    office.accept_all(*commands)
    handle_commands(office.app, organisation="ymca", limit=150)
    together = [office.result("shop", one["id"]) for one in commands]
    assert {told["status"] for told in together} >= {"done", "refused"}
    assert not [told for told in together if told["status"] == "quarantined"]


def test_what_somebody_else_wrote_meanwhile_spoils_nothing(office: Office, monkeypatch: pytest.MonkeyPatch):
    """The batch saw no such client, and meets it when it writes: each command is carried out alone."""
    office.accept_all(register_client("late", name="Ours"), create_invoice("inv-1", 500, client="late"))
    foresee = BatchTransaction.foresee

    def and_then_somebody_else(batch: BatchTransaction, *given: Any) -> None:
        foresee(batch, *given)
        theirs = Client(
            organisation="ymca", id="late", name="Theirs", email="l@example.org", language="en", created_at=batch.now
        )
        batch._writer.write([(New(thing=theirs),)])

    monkeypatch.setattr(BatchTransaction, "foresee", and_then_somebody_else)
    assert handle_commands(office.app, organisation="ymca") == 2
    assert office.scalar("SELECT name FROM clients WHERE id = 'late'") == "Ours"
    assert office.scalar("SELECT count(*) FROM commands WHERE status = 'done'") == 5


def test_a_part_that_fails_takes_back_only_its_own(office: Office):
    """Even when the part was written already, and what came before it only then."""
    with office.app.books.begin() as tx:
        batch = BatchTransaction(tx)
        batch.write([(New(thing=_client(batch, "kept")),)])
        with pytest.raises(IntegrityError):
            _write_what_is_there(batch)
        assert batch.find(Client, organisation="ymca", id="lost") is None
        assert batch.get(Client, organisation="ymca", id="kept").name == "kept"
        batch.flush()
    assert office.scalar("SELECT count(*) FROM clients") == 2


def test_a_refused_command_in_a_long_list_changes_nothing(office: Office):
    commands = [make_payment(100, offline="cash", payment=f"p-{number % 150}") for number in range(300)]
    refused = [make_payment(200, offline="cash", payment="p-7"), make_payment(1, offline="cash", client="c-404")]
    results = office.send(create_invoice(), *commands[:200], *refused, *commands[200:])
    statuses = [told["status"] for told in results]
    assert statuses.count("refused") == 2
    assert office.scalar("SELECT count(*) FROM payments") == 150
    assert office.scalar("SELECT count(*) FROM events WHERE type = 'payment.approved'") == 150


def _write_what_is_there(batch: BatchTransaction) -> None:
    with batch.part():
        batch.write([(New(thing=_client(batch, "lost")),)])
        assert len(batch.all(Client, organisation="ymca", id="lost")) == 1
        batch.write([(New(thing=_client(batch, "c-1")),)])
        batch.flush()


def _client(batch: BatchTransaction, id: str) -> Client:
    return Client(organisation="ymca", id=id, name=id, email="a@example.org", language="en", created_at=batch.now)
