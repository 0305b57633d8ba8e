"""The database's own guards, on both databases: what is posted stays, and no state moves outside its table."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.database.engine import make_engine
from adapters.database.guards import APPEND_ONLY, MACHINES, statements
from domain.action_item import ItemState
from domain.bank_file import BankFile
from domain.bank_mail import BankRecord, RecordKind, RecordState
from domain.bulk_act import Bulk, BulkAct, BulkRow
from domain.care import Care
from domain.credit import Credit
from domain.decision import New
from domain.echeck import Echeck
from domain.echeck_batch import EcheckBatch
from domain.event import Event
from domain.instalment import PlanState
from domain.invoice import Invoice, InvoiceLine
from domain.ledger import Posting, PostingKind, receipt_entries
from domain.mail import Mail, MailKind
from domain.outcome import About
from domain.payment import PaymentState
from domain.people import Client
from domain.processor_event import ReportedState, ReportKind
from domain.reconciliation import Break, BreakKind, Comparison
from domain.refund import Refund, RefundState
from domain.report import Report
from domain.seal import Seal
from domain.subscription import Every, Renewal, Subscription
from domain.webhook import Delivery, WebhookEndpoint
from tests.domain import builders
from tests.domain.builders import NOW, TODAY

POSTING = "0190a000-0000-7000-8000-000000000001"


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """A database with one row of each guarded table."""
    engine = make_engine(migrated_url)
    books = DatabaseBooks(engine, render=lambda words, _: words.id, clock=lambda: NOW)
    books.run(_fill)
    yield engine
    engine.dispose()


def _fill(tx: BookTransaction) -> None:
    client = Client(organisation="ymca", id="c-1", name="C", email="c@example.org", language="en", created_at=NOW)
    invoice = Invoice(organisation="ymca", id="inv-1", client="c-1", total=30_000, booked_on=TODAY, created_at=NOW)
    line = InvoiceLine(
        organisation="ymca", invoice="inv-1", line="l1", position=0, description="Swimming", quantity=1, amount=30_000,
        taxes=({"code": "GST", "amount": 0},), tax=0, ledger_code="sales", payable=30_000,
    )  # fmt: skip
    posting = Posting(
        id=POSTING, organisation="ymca", client="c-1", kind=PostingKind.PAYMENT, subject="p", booked_on=TODAY, amount=1,
        currency="CAD", description="d", language="en", at=NOW, entries=receipt_entries(1, held_at="offline:cash"),
    )  # fmt: skip
    event = Event(organisation="ymca", type="night.started", subject="run:1", sequence=1, at=NOW)
    things: list[Any] = [builders.organisation(), client, builders.account(), builders.method(), invoice, line]
    things.append(
        Credit(organisation="ymca", id="cr-1", client="c-1", amount=1, net=1, booked_on=TODAY, created_at=NOW)
    )
    things.append(
        Refund(
            organisation="ymca", id="r-1", client="c-1", offline="cash", amount=1, state=RefundState.SETTLED,
            asked_on=TODAY, created_at=NOW,
        )
    )  # fmt: skip
    things.append(
        Mail(
            organisation="ymca", id="mail_1", kind=MailKind.RECEIPT, about="event:1", recipient="client:c-1",
            language="en", next_at=NOW, planned_at=NOW,
        )
    )  # fmt: skip
    things.append(Seal(organisation="ymca", number=1, count=1, marks=("1:00",), hash="00", sealed_at=NOW))
    keys = ({"salt": "s", "print": "p", "until": None},)
    things.append(WebhookEndpoint(organisation="ymca", id="whe_1", url="https://x.example", keys=keys, created_at=NOW))
    things.append(
        Delivery(
            organisation="ymca", id="dlv_1", endpoint="whe_1", event=1, type="payment.approved", next_at=NOW,
            created_at=NOW,
        )
    )  # fmt: skip
    subscription = Subscription(
        organisation="ymca", id="s-1", client="c-1", description="Pass", amount=30_000, every=Every.MONTH, anchor=TODAY,
        next_on=TODAY, created_at=NOW,
    )  # fmt: skip
    renewal = Renewal(
        organisation="ymca", subscription="s-1", number=0, client="c-1", on=TODAY, until=TODAY, invoice="inv-1",
        payment="p-1", amount=30_000, made_at=NOW,
    )  # fmt: skip
    things += [subscription, renewal, *_of_the_processor()]
    batch = EcheckBatch(
        organisation="ymca", id="bat_1", merchant_account="main", cutoff_on=TODAY, count=1, total=1, currency="CAD",
        frozen_at=NOW,
    )  # fmt: skip
    things += [builders.plan(), builders.instalment(), builders.asked().attempt, builders.item(), posting, event]
    things.append(builders.repayment())
    echeck = Echeck(
        organisation="ymca", id="ex1", payment=builders.instalment().id, client="c-1", merchant_account="main",
        payment_method="pm-1", amount=1, currency="CAD", first="ex1", cutoff_on=TODAY, created_at=NOW,
    )  # fmt: skip
    file = BankFile(
        organisation="ymca", id="bf_1", merchant_account="main", name="f", number=1, day=TODAY,
        of_day=1, effective_on=TODAY, count=1, total=1, currency="CAD", hash="", size=1, written_at=NOW,
    )  # fmt: skip
    record = BankRecord(
        organisation="ymca", merchant_account="main", mark="m", kind=RecordKind.RETURN, letter="l", line=1, code="R01",
        key="ex1", state=RecordState.PARKED, at=NOW,
    )  # fmt: skip
    act = BulkAct(organisation="ymca", id="blk_1", act=Bulk.RETRY, by="marie", count=1, total=1, created_at=NOW)
    row = BulkRow(organisation="ymca", bulk="blk_1", position=0, item=builders.item().id, amount=1, seen=1)
    things += [batch, echeck, file, record, act, row]
    tx.write([tuple(New(thing=thing) for thing in things)])


def _of_the_processor() -> list[Any]:
    """What is kept of a processor's state, and of what it says."""
    own: dict[str, Any] = {"organisation": "ymca", "merchant_account": builders.account().id}
    return [
        Care(organisation="ymca", id=builders.account().id, version=1),
        Report(
            id="rpt_1", event_id="evt_1", kind=ReportKind.CHARGE, said=ReportedState.SETTLED, occurred_at=NOW,
            received_at=NOW, changed_at=NOW, **own,
        ),
        Break(
            id="brk_1", subject="k", kind=next(iter(BreakKind)), about=next(iter(About)), on=TODAY, opened_at=NOW,
            changed_at=NOW, **own,
        ),
        Comparison(on=TODAY, **own),
    ]  # fmt: skip


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def refusal_of(connection: Connection, sql: str, **values: Any) -> str:
    """What the database says when it refuses; empty when it accepts. Either way nothing stays."""
    try:
        with connection.begin_nested() as savepoint:
            connection.execute(text(sql), values)
            savepoint.rollback()
    except DBAPIError as error:
        return str(error.orig)
    return ""


def put_state(connection: Connection, table: str, state: str) -> None:
    """Into any state, past the guard: rows are made in the state that the test starts from."""
    if table in ("payments", "action_items", "bulk_acts"):
        connection.execute(text("DELETE FROM bulk_rows"))  # they refer to it
    if table == "payments":
        connection.execute(text("DELETE FROM action_items"))
        connection.execute(text("DELETE FROM repayments"))
        connection.execute(text("DELETE FROM echecks"))
    columns = [column for column in _columns(connection, table) if column not in ("state", "queue")]
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(text(f"CREATE TEMPORARY TABLE kept AS SELECT {names} FROM {table}"))
    connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(text(f"INSERT INTO {table} ({names}, state) SELECT {names}, :state FROM kept"), {"state": state})
    connection.execute(text("DROP TABLE kept"))


def _columns(connection: Connection, table: str) -> list[str]:
    return list(connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())


# -- states --------------------------------------------------------------------------------------


def test_F91_INV17_the_database_takes_every_step_of_a_table_and_refuses_every_other(engine: Engine) -> None:
    wrong = []
    for table, machine in MACHINES.items():
        for before in type(machine.starts[0]):
            with undone(engine) as connection:
                put_state(connection, table, before.value)
                assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one(), f"no row in {table}"
                for after in type(machine.starts[0]):
                    said = refusal_of(connection, f"UPDATE {table} SET state = :state", state=after.value)
                    legal = before is after or (before.value, after.value) in machine.pairs()
                    if legal != (said == "") or (said and "illegal_transition" not in said):
                        wrong.append((table, before.value, after.value, said))
    assert wrong == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_INV17_the_pairs_in_the_triggers_are_those_of_the_tables(dialect: str) -> None:
    ddl = {
        table: re.findall(r"\('(\w+)', '(\w+)'\)", statement)
        for statement in statements(dialect)
        for table in MACHINES
        if f"BEFORE UPDATE OF state ON {table} " in statement
    }
    assert ddl == {table: machine.pairs() for table, machine in MACHINES.items()}


def test_INV17_each_machine_guards_the_states_of_its_own_table() -> None:
    firsts = {table: type(machine.starts[0]) for table, machine in MACHINES.items()}
    assert firsts["payments"] is PaymentState
    assert firsts["plans"] is PlanState
    assert firsts["action_items"] is ItemState


# -- what is posted ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_B2_INV3_what_is_posted_is_neither_edited_nor_deleted(engine: Engine, table: str) -> None:
    with undone(engine) as connection:
        for column in _columns(connection, table):
            said = refusal_of(connection, f'UPDATE {table} SET "{column}" = "{column}"')
            assert "append_only" in said, column
        assert "append_only" in refusal_of(connection, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_B2_INV3_nor_is_its_table_emptied(engine: Engine, table: str) -> None:
    if engine.dialect.name == "sqlite":
        return  # has no TRUNCATE; a DELETE without WHERE runs the row's trigger
    with undone(engine) as connection:
        assert "append_only" in refusal_of(connection, f"TRUNCATE {table} CASCADE")


CHANGES: dict[str, Callable[[str], str]] = {
    "taxes": lambda _: """'[{"code": "GST", "amount": 1}]'""",
    "description": lambda column: f"\"{column}\" || '!'",
    "line": lambda column: f"\"{column}\" || '!'",
    "ledger_code": lambda column: f"\"{column}\" || '!'",
}
POSTED = ["line", "position", "description", "quantity", "amount", "taxes", "tax", "payable", "ledger_code"]


@pytest.mark.parametrize("column", POSTED)
def test_B2_of_an_invoice_line_only_what_is_allocated_ever_changes(engine: Engine, column: str) -> None:
    value = CHANGES.get(column, lambda name: f'"{name}" + 1')(column)
    with undone(engine) as connection:
        assert "append_only" in refusal_of(connection, f'UPDATE invoice_lines SET "{column}" = {value}')


def test_B12_what_is_allocated_changes_and_never_exceeds_what_is_payable(engine: Engine) -> None:
    with undone(engine) as connection:
        assert refusal_of(connection, "UPDATE invoice_lines SET allocated = payable") == ""
        for wrong in ("payable + 1", "-1"):
            assert "ck_invoice_lines_allocated" in refusal_of(
                connection, f"UPDATE invoice_lines SET allocated = {wrong}"
            )
        assert "append_only" in refusal_of(connection, "DELETE FROM invoice_lines")


def test_B3_INV3_a_transaction_that_does_not_sum_to_zero_is_refused(engine: Engine) -> None:
    insert = """INSERT INTO ledger_entries (transaction_id, leg, organisation, account, amount)
        VALUES ('0190a000-0000-7000-8000-000000000002', 1, 'ymca', 'receivable', 100),
               ('0190a000-0000-7000-8000-000000000002', 2, 'ymca', 'clearing:main', -{})"""
    with undone(engine) as connection:
        assert refusal_of(connection, insert.format(100)) == ""
        if engine.dialect.name == "postgresql":  # SQLite has no statement triggers: there the domain is the guard
            assert "unbalanced" in refusal_of(connection, insert.format(99))


def test_B2_nothing_is_posted_twice_for_the_same_subject(engine: Engine) -> None:
    again = Posting(
        id="0190a000-0000-7000-8000-000000000009", organisation="ymca", client="c-1", kind=PostingKind.PAYMENT,
        subject="p", booked_on=TODAY, amount=1, currency="CAD", description="d", language="en", at=NOW,
        entries=receipt_entries(1, held_at="offline:cash"),
    )  # fmt: skip
    books = DatabaseBooks(engine, render=lambda words, _: words.id, clock=lambda: NOW)
    with pytest.raises(DBAPIError):
        books.run(lambda tx: tx.write([(New(thing=again),)]))


def test_INV1_a_payment_has_at_most_one_attempt_in_flight(engine: Engine) -> None:
    second = replace(builders.asked().attempt, key="other", number=2)
    books = DatabaseBooks(engine, render=lambda words, _: words.id, clock=lambda: NOW)
    with pytest.raises(DBAPIError):
        books.run(lambda tx: tx.write([(New(thing=second),)]))


def test_A2_INV11_a_failed_payment_has_at_most_one_item_that_waits(engine: Engine) -> None:
    second = replace(builders.item(), id="itm-2")
    books = DatabaseBooks(engine, render=lambda words, _: words.id, clock=lambda: NOW)
    with pytest.raises(DBAPIError):
        books.run(lambda tx: tx.write([(New(thing=second),)]))
