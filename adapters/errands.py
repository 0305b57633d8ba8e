"""Errands: what is to be done now, found in the database, and the one way to do it, whoever asks."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import bindparam, text

from adapters.bootstrap import App
from adapters.bulk_acting import carry_out
from adapters.collecting import collect_due, watch_after_letters
from adapters.cutoffs import freeze_newest
from adapters.database.books import BookTransaction
from adapters.database.origin import is_restored
from adapters.database.types import Instant
from adapters.hearing_reports import hear_reports
from adapters.inbox.handling import handle_commands
from adapters.inbox.lanes import PATIENCE
from adapters.logs import log_failure
from adapters.reconciling import compare_due
from domain.expiring import last_month
from domain.use_cases.charge_payments import charge_payments
from domain.use_cases.follow_refunds import follow_refunds
from domain.use_cases.hand_over_echecks import hand_over_echecks
from domain.use_cases.renew_subscriptions import renew_subscriptions
from domain.use_cases.resolve_refunds import resolve_refunds
from domain.use_cases.resolve_unknowns import resolve_unknowns
from domain.use_cases.retry_automatically import retry_automatically
from domain.use_cases.submit_refunds import submit_refunds
from domain.use_cases.watch_cards import watch_cards

MAX_BATCHES = 20  # per errand; then others get their turn and the sweep rings again
TURN_S = 1.0  # an errand that takes longer goes to the end of the queue: nobody's ten wait for another's ten thousand


class ErrandKind(StrEnum):
    RENEW = "renew"
    RETRY = "retry"
    CARDS = "cards"
    CHARGE = "charge"
    LOOK_UP = "look_up"
    BATCH = "batch"  # e-checks whose cut-off has struck
    HAND_OVER = "hand_over"  # of frozen batches, and the look-ups of those without an answer
    WATCH = "watch"  # for verdicts
    COLLECT = "collect"  # what banks lay down for us
    COMMANDS = "commands"
    REPAY = "repay"
    REPAY_LOOK_UP = "repay_look_up"
    FOLLOW = "follow"
    REPORTS = "reports"
    COMPARE = "compare"
    BULK = "bulk"  # one act on many items


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Ids, never amounts: work for one merchant account, or the inbox or the renewals of one organisation."""

    kind: ErrandKind
    organisation: str
    account: str = ""


def due_errands(tx: BookTransaction) -> list[Errand]:
    """Whatever could be done now; finding the same twice is harmless. Nothing in books that were restored, until a
    person has said so (F-72)."""
    found: list[Errand] = []
    if is_restored(tx.connection):
        return found
    for kind, sql in _DUE.items():
        statement = text(sql)
        if ":now" in sql:
            statement = statement.bindparams(bindparam("now", tx.now, Instant))
        if ":month" in sql:  # at the latest, wherever it is tomorrow already
            statement = statement.bindparams(month=last_month((tx.now + timedelta(days=1)).date()))
        rows = tx.connection.execute(statement).all()
        found += [Errand(kind=kind, organisation=row[0], account=row[1]) for row in rows]
    return found


def in_turns(errands: Sequence[Errand]) -> list[Errand]:
    """One of each organisation, then another of each: who has many merchant accounts is not served before others.
    Who comes first is drawn anew each time, so that nobody is always the last."""
    shares: dict[str, list[Errand]] = defaultdict(list)
    for errand in random.sample(errands, len(errands)):
        shares[errand.organisation].append(errand)
    drawn = random.sample(list(shares.values()), len(shares))  # not who has the most errands: they would come first
    turns = [(turn, place, errand) for place, own in enumerate(drawn) for turn, errand in enumerate(own)]
    return [errand for _, _, errand in sorted(turns, key=lambda one: one[:2])]


Run = Callable[[App, Errand, timedelta], int]


def run_errand(app: App, errand: Errand, patience: timedelta = PATIENCE) -> int:
    """Works an errand until nothing is left, MAX_BATCHES are done or the process stops; answers how many
    things were taken in hand. `patience` is that of commands with a charge before them."""
    total = 0
    if errand.kind is not ErrandKind.COMMANDS and app.books.run(lambda tx: is_restored(tx.connection), read_only=True):
        return total  # an old bell
    ends_at = time.monotonic() + TURN_S
    for done in _batches(app, errand, patience):
        total += done
        if done == 0 or app.stopping.is_set() or time.monotonic() > ends_at:
            break
    if total and errand.kind is not ErrandKind.COMMANDS:  # commands that waited for these answers go on
        handle_commands(app, organisation=errand.organisation)
    return total


def _batches(app: App, errand: Errand, patience: timedelta) -> Iterator[int]:
    for _ in range(MAX_BATCHES):
        if errand.kind is ErrandKind.COMMANDS:
            yield handle_commands(app, organisation=errand.organisation, patience=patience)
        else:
            yield _ONE_BATCH[errand.kind](app, errand.organisation, errand.account)


# fmt: off
_ONE_BATCH: dict[ErrandKind, Callable[[App, str, str], int]] = {
    ErrandKind.RENEW: lambda app, organisation, _: renew_subscriptions(
        app.books, app.log, organisation=organisation),
    ErrandKind.RETRY: lambda app, organisation, _: app.books.run(
        partial(retry_automatically, organisation=organisation)),
    ErrandKind.CARDS: lambda app, organisation, _: app.books.run(
        partial(watch_cards, organisation=organisation)),
    ErrandKind.CHARGE: lambda app, organisation, account: charge_payments(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account),
    ErrandKind.LOOK_UP: lambda app, organisation, account: resolve_unknowns(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account),
    ErrandKind.REPAY: lambda app, organisation, account: submit_refunds(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account),
    ErrandKind.REPAY_LOOK_UP: lambda app, organisation, account: resolve_refunds(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account),
    ErrandKind.FOLLOW: lambda app, organisation, account: follow_refunds(
        app.books, app.gateways, app.log, organisation=organisation, account=account),
    ErrandKind.BATCH: lambda app, organisation, account: freeze_newest(
        app, organisation, account),
    ErrandKind.HAND_OVER: lambda app, organisation, account: hand_over_echecks(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account),
    ErrandKind.WATCH: lambda app, organisation, account: watch_after_letters(
        app, organisation=organisation, account=account),
    ErrandKind.COLLECT: lambda app, organisation, account: collect_due(
        app, organisation=organisation, account=account),
    ErrandKind.REPORTS: lambda app, organisation, account: hear_reports(
        app, organisation=organisation, account=account),
    ErrandKind.COMPARE: lambda app, organisation, account: compare_due(
        app, organisation=organisation, account=account),
    ErrandKind.BULK: lambda app, organisation, _: carry_out(app, organisation=organisation),
}
# fmt: on


def run_apart(app: App, errand: Errand, patience: timedelta = PATIENCE, *, failed: set[Errand]) -> int:
    """Like run_errand; one that breaks keeps no other from being done, and is not tried again."""
    if errand in failed:
        return 0
    try:
        return run_errand(app, errand, patience)
    except Exception as error:
        log_failure("errand.failed", error, organisation=errand.organisation, account=errand.account)
        failed.add(errand)
        return 0


def work_all(app: App, run: Run = run_errand) -> int:
    """Works until nothing is due at this instant; for a process that has the queue to itself."""
    total = 0
    while not app.stopping.is_set():
        errands = app.books.run(due_errands)
        done = sum(run(app, errand, PATIENCE) for errand in errands) or _let_pass(app, errands, run)
        if done == 0:
            break
        total += done
    return total


def _let_pass(app: App, errands: list[Errand], run: Run) -> int:
    """Commands that wait for a charge which is not to be sent at this instant wait no longer."""
    return sum(run(app, errand, timedelta(0)) for errand in errands if errand.kind is ErrandKind.COMMANDS)


# An account whose processor does not answer, or has been asked enough for now, is left in peace until then.
_LEFT_IN_PEACE = """EXISTS (SELECT 1 FROM cares c WHERE c.organisation = {0}.organisation AND c.id = {0}.{1}
            AND c.not_before > :now)"""
_DUE = {
    ErrandKind.COMMANDS: """SELECT DISTINCT organisation, '' FROM commands WHERE status = 'accepted'
        AND (NOT waits OR CAST(result AS text) LIKE '%same_as%')""",
    ErrandKind.REPORTS: f"""SELECT DISTINCT r.organisation, r.merchant_account FROM reports r
        WHERE r.state = 'received' AND r.next_at <= :now AND NOT {_LEFT_IN_PEACE.format("r", "merchant_account")}""",
    ErrandKind.COMPARE: f"""SELECT DISTINCT k.organisation, k.merchant_account FROM comparisons k
        WHERE k.state = 'waiting' AND k.next_at <= :now AND NOT {_LEFT_IN_PEACE.format("k", "merchant_account")}""",
    ErrandKind.LOOK_UP: f"""SELECT DISTINCT a.organisation, a.merchant_account FROM attempts a
        WHERE a.next_at IS NOT NULL AND a.next_at <= :now AND a.worker IS NULL AND a.state IN ('unknown', 'in_doubt')
        AND NOT {_LEFT_IN_PEACE.format("a", "merchant_account")}""",
    ErrandKind.BATCH: """SELECT DISTINCT e.organisation, e.merchant_account FROM echecks e
        JOIN (SELECT organisation, max(business_date) AS newest FROM runs WHERE kind = 'batch' GROUP BY organisation) r
            ON r.organisation = e.organisation
        WHERE e.state = 'pending' AND e.cutoff_on <= r.newest AND NOT EXISTS (
            SELECT 1 FROM echeck_batches b WHERE b.organisation = e.organisation
            AND b.merchant_account = e.merchant_account AND b.cutoff_on = r.newest)""",
    ErrandKind.HAND_OVER: f"""SELECT DISTINCT e.organisation, e.merchant_account FROM echecks e
        WHERE e.next_at <= :now AND e.worker IS NULL AND e.state IN ('batched', 'unknown')
        AND NOT {_LEFT_IN_PEACE.format("e", "merchant_account")}""",
    ErrandKind.WATCH: f"""SELECT DISTINCT e.organisation, e.merchant_account FROM echecks e
        WHERE e.next_at <= :now AND e.worker IS NULL AND e.state IN ('submitted', 'settled')
        AND NOT {_LEFT_IN_PEACE.format("e", "merchant_account")}""",
    ErrandKind.COLLECT: """SELECT d.organisation, d.id FROM bank_desks d
        WHERE d.next_at IS NULL OR d.next_at <= :now""",
    ErrandKind.CARDS: """SELECT o.id, '' FROM organisations o
        WHERE (EXISTS (SELECT 1 FROM payment_methods m
                WHERE m.organisation = o.id AND m.expiry > '' AND m.expiry <= :month)
            OR EXISTS (SELECT 1 FROM action_items i
                WHERE i.organisation = o.id AND i.state = 'open' AND i.kind = 'expiring_card'))
        AND EXISTS (SELECT 1 FROM runs n WHERE n.organisation = o.id AND n.kind = 'night' AND n.business_date = (
                SELECT max(r.business_date) FROM runs r WHERE r.organisation = o.id AND r.kind = 'night')
            AND NOT EXISTS (SELECT 1 FROM runs e WHERE e.organisation = o.id AND e.kind = 'expiring_cards'
                AND e.business_date >= n.business_date))""",
    ErrandKind.RETRY: """SELECT o.id, '' FROM organisations o WHERE EXISTS (
            SELECT 1 FROM action_items i WHERE i.organisation = o.id AND i.state = 'open' AND i.retry_on <= (
                SELECT max(r.business_date) FROM runs r WHERE r.organisation = o.id AND r.kind = 'night'))""",
    ErrandKind.BULK: "SELECT DISTINCT organisation, '' FROM bulk_acts WHERE state = 'running'",
    ErrandKind.RENEW: """SELECT o.id, '' FROM organisations o WHERE EXISTS (
            SELECT 1 FROM subscriptions s WHERE s.organisation = o.id AND s.next_on <= (
                SELECT max(r.business_date) FROM runs r WHERE r.organisation = o.id AND r.kind = 'night'))""",
    ErrandKind.CHARGE: f"""SELECT m.organisation, m.id FROM merchant_accounts m
        WHERE NOT {_LEFT_IN_PEACE.format("m", "id")} AND (EXISTS (
            SELECT 1 FROM payments p WHERE p.organisation = m.organisation AND p.merchant_account = m.id
            AND p.queue = 'now' AND p.due_at <= :now)
        OR EXISTS (
            SELECT 1 FROM payments p WHERE p.organisation = m.organisation AND p.merchant_account = m.id
            AND p.queue = 'night' AND p.due_on <= (SELECT max(r.business_date) FROM runs r
                WHERE r.organisation = m.organisation AND r.kind = 'night')))""",
    ErrandKind.REPAY: f"""SELECT a.organisation, a.merchant_account FROM repayments a WHERE a.state = 'due'
            AND NOT {_LEFT_IN_PEACE.format("a", "merchant_account")}
        UNION SELECT f.organisation, f.merchant_account FROM refunds f WHERE f.state = 'pending' AND (f.due_at <= :now
            OR (f.due_at IS NULL AND f.send_on <= (SELECT max(r.business_date) FROM runs r
                WHERE r.organisation = f.organisation AND r.kind = 'night')))
            AND NOT {_LEFT_IN_PEACE.format("f", "merchant_account")}""",
    ErrandKind.REPAY_LOOK_UP: f"""SELECT DISTINCT a.organisation, a.merchant_account FROM repayments a
        WHERE a.next_at IS NOT NULL AND a.next_at <= :now AND a.worker IS NULL AND a.state IN ('unknown', 'in_doubt')
        AND NOT {_LEFT_IN_PEACE.format("a", "merchant_account")}""",
    ErrandKind.FOLLOW: f"""SELECT DISTINCT f.organisation, f.merchant_account FROM refunds f
        WHERE f.state = 'submitted' AND f.follow_on <= (SELECT max(r.business_date) FROM runs r
            WHERE r.organisation = f.organisation AND r.kind = 'night')
        AND NOT {_LEFT_IN_PEACE.format("f", "merchant_account")}""",
}
