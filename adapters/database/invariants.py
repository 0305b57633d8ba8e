"""Invariants: what must always hold, and what must have happened by now, as queries that return no rows."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, text

from adapters.database.bank_invariants import BANK_FILES, BANK_FILES_BY_NOW
from adapters.database.billing_invariants import BILLING
from adapters.database.books import BookTransaction
from adapters.database.echeck_invariants import ECHECKS, ECHECKS_BY_NOW
from adapters.database.refund_invariants import REFUNDS, REFUNDS_BY_NOW
from adapters.database.seals import broken_seals
from adapters.database.subscription_invariants import LATE_PERIODS, PERIODS
from adapters.database.types import Instant
from adapters.database.wide import read_widely
from domain.days import last_night
from domain.organisation import Organisation

LATE = timedelta(minutes=15)  # after that, what is due is late: a worker takes seconds, a dead one's claims a minute
SIMULATED_LATE = timedelta(days=1)  # where the clock jumps from night to night
MAX_SHOWN = 100  # rows of one broken invariant
MAX_ORGANISATIONS = 10_000


def broken(tx: BookTransaction, *, late: timedelta = LATE) -> dict[str, list[dict[str, Any]]]:
    """The offending rows of every invariant, by its name; `late` is the grace of what must have happened."""
    read_widely(tx)
    found = {
        name: _rows(tx, sql) for name, sql in (ALWAYS | BILLING | PERIODS | REFUNDS | ECHECKS | BANK_FILES).items()
    }
    before = tx.now - late
    by_now = BY_NOW | REFUNDS_BY_NOW | ECHECKS_BY_NOW | BANK_FILES_BY_NOW
    found |= {name: _rows(tx, sql, before=before) for name, sql in by_now.items()}
    found["every_night_was_run"] = _missed_nights(tx, before)
    found["every_period_was_billed"] = _missed_periods(tx, before)
    found["events_are_what_was_sealed"] = broken_seals(tx)
    return found


def _rows(tx: BookTransaction, sql: str, **instants: datetime) -> list[dict[str, Any]]:
    statement = text(f"{sql} LIMIT {MAX_SHOWN}").bindparams(
        *(bindparam(name, value, Instant) for name, value in instants.items())
    )
    return [
        {name: value if isinstance(value, int | str | None) else str(value) for name, value in row._mapping.items()}
        for row in tx.connection.execute(statement)
    ]


def _missed_nights(tx: BookTransaction, before: datetime) -> list[dict[str, Any]]:
    """Planned payments of a night that should be over, still untouched (INV-9); a plan that waits for the
    verdict of an earlier one is not late."""
    late = []
    for owner in tx.all(Organisation, order_by="id", limit=MAX_ORGANISATIONS):
        statement = text(_LEFT_BY_A_NIGHT).bindparams(bindparam("before", before, Instant))
        statement = statement.bindparams(organisation=owner.id, through=last_night(owner, before))
        for payment, due_on in tx.connection.execute(statement).all():
            late.append({"organisation": owner.id, "payment": payment, "due_on": str(due_on)})
    return late[:MAX_SHOWN]


def _missed_periods(tx: BookTransaction, before: datetime) -> list[dict[str, Any]]:
    """Subscriptions whose next period began by a night that should be over, and has no invoice (S1)."""
    late = []
    for owner in tx.all(Organisation, order_by="id", limit=MAX_ORGANISATIONS):
        statement = text(LATE_PERIODS).bindparams(organisation=owner.id, through=last_night(owner, before))
        for subscription, next_on in tx.connection.execute(statement).all():
            late.append({"organisation": owner.id, "subscription": subscription, "next_on": str(next_on)})
    return late[:MAX_SHOWN]


_LEFT_BY_A_NIGHT = """
    SELECT p.id, p.due_on FROM payments p
    WHERE p.organisation = :organisation AND p.state = 'scheduled' AND p.due_on <= :through
        AND p.merchant_account IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM payments q WHERE q.organisation = p.organisation AND q.client = p.client
            AND q.invoice = p.invoice AND q.state IN ('submitting', 'unknown', 'in_doubt'))
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = p.organisation AND c.id = p.merchant_account
            AND (c.state <> 'closed' OR c.counted_at > :before))
    LIMIT 100"""

ALWAYS = {
    # -- money
    "entries_sum_to_zero": """
        SELECT organisation, transaction_id, sum(amount) AS rest FROM ledger_entries
        GROUP BY organisation, transaction_id HAVING sum(amount) <> 0""",
    "posting_moves_the_balance_by_its_amount": """
        SELECT t.organisation, t.id, t.kind, t.subject, t.amount, coalesce(e.amount, 0) AS receivable
        FROM ledger_transactions t
        LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM ledger_entries
            WHERE account = 'receivable' GROUP BY transaction_id) e ON e.transaction_id = t.id
        WHERE coalesce(e.amount, 0) <>
            CASE WHEN t.kind IN ('invoice', 'refund', 'payment_reversal') THEN t.amount ELSE -t.amount END""",
    "postings_are_in_the_currency_of_the_books": """
        SELECT t.organisation, t.id, t.currency FROM ledger_transactions t
        JOIN organisations o ON o.id = t.organisation WHERE o.currency <> t.currency""",
    "invoice_is_posted_once_with_its_total": """
        SELECT i.organisation, i.id, i.total, t.amount FROM invoices i
        LEFT JOIN ledger_transactions t ON t.organisation = i.organisation AND t.client = i.client
            AND t.kind = 'invoice' AND t.subject = i.id
        WHERE t.amount IS NULL OR t.amount <> i.total""",
    "invoice_total_is_the_sum_of_its_lines": """
        SELECT i.organisation, i.id, i.total, sum(l.amount + l.tax) AS lines, sum(l.payable) AS payable
        FROM invoices i JOIN invoice_lines l ON l.organisation = i.organisation AND l.invoice = i.id
        GROUP BY i.organisation, i.id, i.total
        HAVING i.total <> sum(l.amount + l.tax) OR i.total <> sum(l.payable)""",
    "line_is_allocated_what_its_allocations_say": """
        SELECT l.organisation, l.invoice, l.line, l.payable, l.allocated, coalesce(a.amount, 0) AS allocations
        FROM invoice_lines l
        LEFT JOIN (SELECT organisation, invoice, line, sum(amount) AS amount FROM allocations
            GROUP BY organisation, invoice, line) a
            ON a.organisation = l.organisation AND a.invoice = l.invoice AND a.line = l.line
        WHERE l.allocated <> coalesce(a.amount, 0) OR l.allocated > l.payable""",
    "allocations_never_exceed_what_they_come_from": """
        SELECT a.organisation, a.source_kind, a.source, a.amount AS allocated, coalesce(t.amount, 0) AS posted
        FROM (SELECT organisation, client, source_kind, source, sum(amount) AS amount FROM allocations
            GROUP BY organisation, client, source_kind, source) a
        LEFT JOIN ledger_transactions t ON t.organisation = a.organisation AND t.client = a.client
            AND t.kind = a.source_kind AND t.subject = a.source
        WHERE a.amount > coalesce(t.amount, 0)""",
    "paid_is_posted_once_and_nothing_else_is": """
        SELECT p.organisation, p.id, p.state, p.amount, t.amount AS posted FROM payments p
        LEFT JOIN ledger_transactions t ON t.organisation = p.organisation AND t.client = p.client
            AND t.kind = 'payment' AND t.subject = p.id
        WHERE CASE WHEN p.state IN ('paid', 'reversed') THEN t.amount IS NULL OR t.amount <> p.amount
            ELSE t.amount IS NOT NULL END""",
    "payment_is_posted_for_a_payment": """
        SELECT t.organisation, t.id, t.subject FROM ledger_transactions t
        LEFT JOIN payments p ON p.organisation = t.organisation AND p.id = t.subject AND p.client = t.client
        WHERE t.kind = 'payment' AND p.id IS NULL""",
    "card_money_was_approved_once": """
        SELECT p.organisation, p.id, p.state, coalesce(a.times, 0) AS approved, a.amount FROM payments p
        LEFT JOIN (SELECT organisation, payment, count(*) AS times, sum(amount) AS amount FROM attempts
            WHERE state = 'approved' GROUP BY organisation, payment) a
            ON a.organisation = p.organisation AND a.payment = p.id
        WHERE CASE WHEN p.state IN ('paid', 'reversed') AND p.payment_method IS NOT NULL
                AND p.offline IS NULL AND NOT EXISTS (SELECT 1 FROM echecks e
                    WHERE e.organisation = p.organisation AND e.payment = p.id)
            THEN coalesce(a.times, 0) <> 1 OR a.amount <> p.amount ELSE coalesce(a.times, 0) <> 0 END""",
    "reference_of_the_processor_is_booked_once": """
        SELECT organisation, merchant_account, reference, count(*) AS times FROM attempts
        WHERE state = 'approved' AND reference <> '' GROUP BY organisation, merchant_account, reference
        HAVING count(*) > 1""",
    # -- states
    "payment_has_one_attempt_in_flight_at_most": """
        SELECT organisation, payment, count(*) AS times FROM attempts
        WHERE state IN ('submitting', 'unknown', 'in_doubt') GROUP BY organisation, payment HAVING count(*) > 1""",
    "payment_in_flight_has_its_attempt": """
        SELECT p.organisation, p.id, p.state FROM payments p WHERE p.state IN ('submitting', 'unknown', 'in_doubt')
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.organisation = p.organisation AND a.payment = p.id
            AND a.state = p.state AND a.number = p.attempts)""",
    "attempt_in_flight_has_its_payment": """
        SELECT a.organisation, a.key, a.state, p.state AS payment FROM attempts a
        LEFT JOIN payments p ON p.organisation = a.organisation AND p.id = a.payment
        WHERE a.state IN ('submitting', 'unknown', 'in_doubt') AND (p.state IS NULL OR p.state <> a.state)""",
    "attempts_are_numbered_without_gaps": """
        SELECT p.organisation, p.id, p.attempts, coalesce(a.times, 0) AS kept FROM payments p
        LEFT JOIN (SELECT organisation, payment, count(*) AS times, max(number) AS newest FROM attempts
            GROUP BY organisation, payment) a ON a.organisation = p.organisation AND a.payment = p.id
        LEFT JOIN echecks e ON e.organisation = p.organisation AND e.payment = p.id
        WHERE p.attempts <> coalesce(a.times, 0) + CASE WHEN e.id IS NULL THEN 0 ELSE 1 END
            OR (e.id IS NULL AND p.attempts <> coalesce(a.newest, 0))""",
    "held_payment_waits_behind_an_item": """
        SELECT p.organisation, p.id, p.plan FROM payments p WHERE p.state = 'held' AND NOT EXISTS (
            SELECT 1 FROM payments q JOIN action_items i ON i.organisation = q.organisation AND i.payment = q.id
            WHERE q.organisation = p.organisation AND q.client = p.client AND q.plan = p.plan
            AND i.state IN ('open', 'retrying'))""",
    "unknown_is_looked_up_by_somebody": """
        SELECT organisation, key, state FROM attempts
        WHERE worker IS NULL AND (state = 'submitting' OR (state = 'unknown' AND next_at IS NULL))""",
    "ended_attempt_is_nobodys": """
        SELECT organisation, key, state, worker FROM attempts WHERE state NOT IN ('submitting', 'unknown', 'in_doubt')
        AND (worker IS NOT NULL OR next_at IS NOT NULL OR ended_at IS NULL)""",
    "plan_sums_to_its_total": """
        SELECT p.organisation, p.plan, x.total, sum(p.amount) AS planned, count(*) AS payments FROM payments p
        JOIN plans x ON x.organisation = p.organisation AND x.id = p.plan
        GROUP BY p.organisation, p.plan, x.total, x.count
        HAVING sum(p.amount) > x.total OR count(*) <> x.count OR (sum(p.amount) < x.total AND NOT EXISTS (
            SELECT 1 FROM payments q JOIN events e ON e.organisation = q.organisation AND e.subject = 'payment:' || q.id
            WHERE q.organisation = p.organisation AND q.plan = p.plan
            AND e.type IN ('instalment.lowered', 'payment.lowered')))""",
    # -- nothing lost
    "failed_instalment_has_its_item": """
        SELECT p.organisation, p.id FROM payments p
        WHERE p.kind IN ('instalment', 'subscription') AND p.state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM action_items i WHERE i.organisation = p.organisation AND i.payment = p.id
            AND i.kind <> 'expiring_card')""",
    "doubt_has_its_item": """
        SELECT p.organisation, p.id FROM payments p WHERE p.state = 'in_doubt'
        AND NOT EXISTS (SELECT 1 FROM action_items i WHERE i.organisation = p.organisation AND i.payment = p.id
            AND i.state = 'open' AND i.kind = 'in_doubt')""",
    "waiting_item_has_something_to_wait_for": """
        SELECT i.organisation, i.id, i.state, p.state AS payment FROM action_items i
        LEFT JOIN payments p ON p.organisation = i.organisation AND p.id = i.payment
        WHERE i."of" NOT IN ('refund', 'cancellation') AND ((i.state = 'open'
                AND i.kind IN ('instalment', 'subscription', 'in_doubt')
                AND (p.state IS NULL OR p.state NOT IN ('failed', 'in_doubt', 'reversed')))
            AND NOT (i.kind = 'in_doubt' AND EXISTS (SELECT 1 FROM echecks e JOIN payments q
                ON q.organisation = e.organisation AND q.id = e.payment WHERE e.organisation = i.organisation
                AND (q.id = i.payment OR q.retry_of = i.payment) AND e.state IN ('unknown', 'submitted')))
            OR (i.state = 'retrying' AND NOT EXISTS (SELECT 1 FROM payments q
                LEFT JOIN echecks e ON e.organisation = q.organisation AND e.payment = q.id
                WHERE q.organisation = i.organisation AND (q.id = i.payment OR q.retry_of = i.payment)
                AND (q.state IN ('due', 'submitting', 'unknown')
                    OR e.state IN ('pending', 'batched', 'submitted', 'unknown')))))""",
    "closed_item_has_an_actor": """
        SELECT organisation, id, state FROM action_items
        WHERE (state IN ('resolved', 'rejected') AND "by" = '') OR (state = 'rejected' AND note = '')""",
    "every_step_of_an_item_is_audited": """
        SELECT i.organisation, i.id, i.version, count(DISTINCT e.sequence) AS events FROM action_items i
        LEFT JOIN events e ON e.organisation = i.organisation AND e.subject = 'action_item:' || i.id
        GROUP BY i.organisation, i.id, i.version
        HAVING count(DISTINCT e.sequence) <> i.version OR max(e.sequence) <> i.version""",
    # -- strangers
    "entries_belong_to_the_organisation_of_their_posting": """
        SELECT t.organisation, e.organisation AS other, t.id FROM ledger_entries e
        LEFT JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE t.id IS NULL OR t.organisation <> e.organisation""",
    "money_is_allocated_to_its_own_client": """
        SELECT a.organisation, a.id, a.client, i.client AS other FROM allocations a
        LEFT JOIN invoices i ON i.organisation = a.organisation AND i.id = a.invoice
        WHERE i.client IS NULL OR i.client <> a.client""",
    "payment_stays_with_its_own_client": """
        SELECT p.organisation, p.id, p.client FROM payments p
        LEFT JOIN invoices i ON i.organisation = p.organisation AND i.id = p.invoice
        LEFT JOIN payment_methods m ON m.organisation = p.organisation AND m.id = p.payment_method
        LEFT JOIN plans x ON x.organisation = p.organisation AND x.id = p.plan
        WHERE (p.invoice IS NOT NULL AND (i.client IS NULL OR i.client <> p.client))
            OR (p.payment_method IS NOT NULL AND (m.client IS NULL OR m.client <> p.client))
            OR (p.plan IS NOT NULL AND (x.client IS NULL OR x.client <> p.client))""",
    "item_is_about_its_own_payment": """
        SELECT i.organisation, i.id, i.client, p.client AS other FROM action_items i
        LEFT JOIN payments p ON p.organisation = i.organisation AND p.id = i.payment
        WHERE p.client IS NULL OR p.client <> i.client""",
    "command_that_waits_has_something_to_wait_for": """
        SELECT c.organisation, c.source, c.id, c.type FROM commands c WHERE c.waits
        AND CAST(c.result AS text) NOT LIKE '%same_as%' AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.command = c.seq
            AND p.state IN ('due', 'submitting', 'unknown', 'in_doubt'))
        AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.command = c.seq
            AND r.state IN ('pending', 'submitting', 'unknown'))
        AND NOT EXISTS (SELECT 1 FROM repayments a WHERE a.command = c.seq
            AND a.state IN ('due', 'submitting', 'unknown', 'in_doubt'))""",
}  # fmt: skip

# What waits for a processor that does not answer, or for its share of a rate, is not late.
BY_NOW = {
    "no_command_is_stuck": """
        SELECT organisation, source, id, type FROM commands
        WHERE status = 'accepted' AND NOT waits AND received_at < :before""",
    "no_due_payment_is_late": """
        SELECT p.organisation, p.id FROM payments p WHERE p.state = 'due' AND p.due_at < :before
        AND NOT EXISTS (SELECT 1 FROM payments q WHERE q.organisation = p.organisation AND q.client = p.client
            AND q.invoice = p.invoice AND q.state IN ('submitting', 'unknown', 'in_doubt'))
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = p.organisation AND c.id = p.merchant_account
            AND (c.state <> 'closed' OR c.counted_at > :before))""",
    "no_look_up_is_late": """
        SELECT a.organisation, a.payment, a.key, a.state FROM attempts a
        WHERE a.worker IS NULL AND a.next_at < :before AND a.state IN ('unknown', 'in_doubt')
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = a.organisation AND c.id = a.merchant_account
            AND (c.state <> 'closed' OR c.counted_at > :before))""",
    "no_claim_is_held_by_the_dead": """
        SELECT a.organisation, a.key, a.state, a.worker FROM attempts a
        WHERE a.state IN ('submitting', 'unknown', 'in_doubt') AND a.worker IS NOT NULL AND a.promised_at < :before
        AND NOT EXISTS (SELECT 1 FROM workers w
            WHERE substr(a.worker, 1, length(w.id) + 1) = w.id || '/' AND w.beat_at > :before)""",
}  # fmt: skip
