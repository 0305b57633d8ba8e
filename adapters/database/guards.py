"""Triggers: nothing posted is edited or deleted (B2), and no state moves outside its table."""

from collections.abc import Iterator
from typing import Any

from domain.action_item import ACTION_ITEM
from domain.attempt import ATTEMPT
from domain.bank_file import BANK_FILE
from domain.bank_mail import RECORD
from domain.bulk_act import BULK_ACT, BULK_ROW
from domain.care import CARE
from domain.echeck import ECHECK
from domain.echeck_batch import BATCH
from domain.instalment import PLAN
from domain.machine import Machine
from domain.mail import MAIL
from domain.payment import PAYMENT
from domain.reconciliation import BREAK, COMPARISON
from domain.refund import REFUND
from domain.repayment import REPAYMENT
from domain.report import REPORT
from domain.subscription import SUBSCRIPTION
from domain.webhook import DELIVERY

APPEND_ONLY = ("ledger_transactions", "ledger_entries", "events", "credits", "seals", "renewals")
POSTED_LINE = (
    "organisation",
    "invoice",
    "line",
    "position",
    "description",
    "quantity",
    "amount",
    "taxes",
    "tax",
    "payable",
    "ledger_code",
)
MACHINES: dict[str, Machine[Any]] = {
    "payments": PAYMENT,
    "attempts": ATTEMPT,
    "action_items": ACTION_ITEM,
    "plans": PLAN,
    "refunds": REFUND,
    "repayments": REPAYMENT,
    "subscriptions": SUBSCRIPTION,
    "deliveries": DELIVERY,
    "mails": MAIL,
    "cares": CARE,
    "echecks": ECHECK,
    "echeck_batches": BATCH,
    "bank_files": BANK_FILE,
    "bank_records": RECORD,
    "reports": REPORT,
    "breaks": BREAK,
    "comparisons": COMPARISON,
    "bulk_acts": BULK_ACT,
    "bulk_rows": BULK_ROW,
}


def statements(dialect: str) -> Iterator[str]:
    """The DDL of every guard, in order."""
    yield from _postgresql() if dialect == "postgresql" else _sqlite()


def _illegal(table: str) -> str:
    pairs = ", ".join(f"('{before}', '{after}')" for before, after in MACHINES[table].pairs())
    return f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {pairs})"


def _changed_line() -> str:
    return " OR ".join(f"OLD.{column} <> NEW.{column}" for column in POSTED_LINE)


def _postgresql() -> Iterator[str]:
    yield """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '%: % is refused', TG_ARGV[0], TG_OP USING ERRCODE = 'restrict_violation'; END $$"""
    yield """CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT 1 FROM fresh GROUP BY transaction_id HAVING sum(amount) <> 0) THEN
            RAISE EXCEPTION 'unbalanced: a transaction does not sum to zero' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NULL;
        END $$"""
    yield """CREATE TRIGGER balanced AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()"""
    for table in APPEND_ONLY:
        yield f"""CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse('append_only')"""
        yield f"""CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse('append_only')"""
    yield f"""CREATE TRIGGER posted_line BEFORE UPDATE ON invoice_lines FOR EACH ROW
        WHEN ({_changed_line()}) EXECUTE FUNCTION refuse('append_only')"""
    yield """CREATE TRIGGER kept_line BEFORE DELETE ON invoice_lines
        FOR EACH ROW EXECUTE FUNCTION refuse('append_only')"""
    for table in MACHINES:
        yield f"""CREATE TRIGGER legal_step BEFORE UPDATE OF state ON {table} FOR EACH ROW
            WHEN ({_illegal(table).replace("VALUES ", "")}) EXECUTE FUNCTION refuse('illegal_transition')"""
    yield "ALTER TABLE events ALTER COLUMN transaction SET DEFAULT (pg_current_xact_id()::text::bigint)"
    for table in ("payments", "attempts", "action_items", "invoice_lines", "commands"):
        yield f"""ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02,
            autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05)"""
    # Room on the page for the updates that touch no index.
    yield "ALTER TABLE invoice_lines SET (fillfactor = 70)"
    yield "ALTER TABLE payments SET (fillfactor = 50)"
    # Parts of names and addresses are found by three letters, where the extension may be made: without it a search
    # reads every client, and finds the same.
    yield """DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX ix_clients_parts ON clients USING gin (name gin_trgm_ops, email gin_trgm_ops);
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object
            OR feature_not_supported THEN NULL;
        END $$"""


def _sqlite() -> Iterator[str]:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            yield _raise(f"{table}_{verb.lower()}", f"BEFORE {verb} ON {table}", "append_only")
    yield _raise("posted_line", f"BEFORE UPDATE ON invoice_lines WHEN {_changed_line()}", "append_only")
    yield _raise("kept_line", "BEFORE DELETE ON invoice_lines", "append_only")
    for table in MACHINES:
        when = f"BEFORE UPDATE OF state ON {table} WHEN {_illegal(table)}"
        yield _raise(f"{table}_legal_step", when, "illegal_transition")


def _raise(name: str, when: str, code: str) -> str:
    return f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{code}'); END"
