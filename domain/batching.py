"""Batching decides what goes into a batch, and what the answer to handing an e-check over means (E3)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from domain.attempt import MAX_SENDS
from domain.banking_days import verdict_due
from domain.capabilities import capability_for
from domain.days import instant, local_date
from domain.decision import Decision, New, move
from domain.echeck import ECHECK, Echeck, EcheckState
from domain.echeck_batch import BATCH, EcheckBatch
from domain.event import Event
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import About, Approved, Debit, Finding, LookUp, NoAnswer, NotSent, Outcome
from domain.payment_method import PaymentMethod
from domain.presenting import echeck_event

UNSENT_WAIT = timedelta(seconds=10)
UNDELIVERED_WAIT = timedelta(minutes=5)  # a bank's server that is away is not knocked at every ten seconds


def freeze(
    account: MerchantAccount, echecks: Sequence[Echeck], *, id: str, cutoff_on: date, now: datetime
) -> tuple[Decision, EcheckBatch]:  # fmt: skip
    """Everything that waits for this cut-off, never to change again; the totals are its own."""
    batch = EcheckBatch(
        organisation=account.organisation, id=id, merchant_account=account.id, cutoff_on=cutoff_on,
        count=len(echecks), total=sum(one.amount for one in echecks), currency=echecks[0].currency, frozen_at=now,
    )  # fmt: skip
    steps: Decision = (New(thing=batch), batch_event(batch, "echeck_batch.frozen", now, sequence=1))
    for one in echecks:
        steps += (move(ECHECK, one, "batch", batch=id, next_at=now), echeck_event(one, "echeck.batched", now, batch=id))
    return steps, batch


def promise(echeck: Echeck, *, worker: str, now: datetime) -> tuple[Decision, Echeck]:
    """In a worker's hands: a new epoch, so that whoever held it before writes nothing any more."""
    first = echeck.state is EcheckState.BATCHED
    sent = first or resend(echeck)
    detail = {"sent_at": now.isoformat(), **echeck.detail}  # of the first send: processors forget keys (section 9)
    taken = replace(
        echeck, worker=worker, epoch=echeck.epoch + 1, next_at=None, sends=echeck.sends + (1 if sent else 0),
        version=echeck.version + 1, detail=detail,
    )  # fmt: skip
    step = move(
        ECHECK, echeck, "promise" if first else "wait", fence=echeck.epoch,
        worker=worker, epoch=taken.epoch, next_at=None, sends=taken.sends, detail=detail,
    )  # fmt: skip
    return (step,), taken


def question(echeck: Echeck, method: PaymentMethod) -> Debit:
    return Debit(
        key=echeck.id, amount_minor=echeck.amount, currency=echeck.currency, token=method.token,
        holder=method.holder, mandate=method.mandate,
    )  # fmt: skip


def look_up(echeck: Echeck) -> LookUp:
    return LookUp(
        key=echeck.id, amount_minor=echeck.amount, currency=echeck.currency, about=About.DEBIT,
        reference=echeck.reference, since=echeck.created_at,
    )  # fmt: skip


def accepted(
    echeck: Echeck, owner: Organisation, *, reference: str, now: datetime, on: date | None = None
) -> Decision:  # fmt: skip
    """The processor or the bank has it; from now on its verdict is awaited (E4). `on` is the date on which a bank
    file asks for it."""
    today = local_date(now, owner.timezone)
    first_on = on or today
    return (
        move(
            ECHECK, echeck, "submit", fence=echeck.epoch, reference=reference, worker=None, missed_at=None,
            submitted_on=today, first_on=echeck.first_on or first_on, verdict_on=verdict_due(owner, first_on),
            next_at=next_poll(owner, now),
        ),
        echeck_event(echeck, "echeck.submitted", now, batch=echeck.batch, reference=reference),
    )  # fmt: skip


def next_poll(owner: Organisation, now: datetime) -> datetime:
    """Once a day, with the night."""
    tomorrow = local_date(now, owner.timezone) + timedelta(days=1)
    return instant(tomorrow, owner.night_at, owner.timezone)


def lose(echeck: Echeck, account: MerchantAccount, silence: NoAnswer | NotSent, *, now: datetime) -> Decision:
    """No usable answer: looked up by its key before anything else; what surely was not sent goes again."""
    capability = capability_for(account)
    ladder = capability.ladder
    if isinstance(silence, NotSent) and echeck.state is EcheckState.BATCHED:
        later = UNDELIVERED_WAIT if capability.by_file else UNSENT_WAIT
        put: dict[str, Any] = {"worker": None, "next_at": now + later, "sends": echeck.sends - 1}
        return (move(ECHECK, echeck, "promise", fence=echeck.epoch, **put),)
    wait = ladder.waits[echeck.rung] if echeck.rung < len(ladder.waits) else ladder.flight
    if echeck.state is EcheckState.BATCHED:
        lost = echeck_event(echeck, "echeck.lost", now, public=False, why=silence.why)
        return (
            move(
                ECHECK,
                echeck,
                "lose",
                fence=echeck.epoch,
                worker=None,
                next_at=now + wait,
                detail={**echeck.detail, "why": silence.why},
            ),
            lost,
        )
    return _next_rung(echeck, account, silence.why, now=now, missed_at=echeck.missed_at)


def not_found(echeck: Echeck, account: MerchantAccount, *, now: datetime) -> Decision:
    """Believed only twice, spaced beyond the longest flight; then it is sent again under its key, or waits for a
    person, as the capability table says."""
    capability = capability_for(account)
    if echeck.missed_at is None or now - echeck.missed_at < capability.ladder.flight:
        return _next_rung(echeck, account, "not_found", now=now, missed_at=echeck.missed_at or now)
    if capability.sends_again(_first_sent(echeck), now=now) and echeck.sends < MAX_SENDS:
        put: dict[str, Any] = {
            "worker": None,
            "missed_at": None,
            "next_at": now,
            "rung": echeck.rung + 1,
            "detail": {**echeck.detail, "resend": True},
        }
        return (move(ECHECK, echeck, "wait", fence=echeck.epoch, **put),)
    return _next_rung(echeck, account, "not_found", now=now, missed_at=echeck.missed_at)


def _first_sent(echeck: Echeck) -> datetime:
    """When its key was first in anybody's hands; long ago where that is not known."""
    sent_at = echeck.detail.get("sent_at")
    return datetime.fromisoformat(sent_at) if sent_at else echeck.created_at


def resend(echeck: Echeck) -> bool:
    return bool(echeck.detail.get("resend"))


def ladder_ended(echeck: Echeck, account: MerchantAccount) -> bool:
    """Whether a person has to find out now (A10)."""
    return echeck.rung >= len(capability_for(account).ladder.waits)


def _next_rung(
    echeck: Echeck, account: MerchantAccount, why: str, *, now: datetime, missed_at: datetime | None
) -> Decision:
    """After the last rung nothing is asked any more by itself: an item says so."""
    waits = capability_for(account).ladder.waits
    rung = echeck.rung + 1
    next_at = now + waits[rung] if rung < len(waits) else None
    put: dict[str, Any] = {
        "worker": None,
        "next_at": next_at,
        "rung": rung,
        "missed_at": missed_at,
        "detail": {**echeck.detail, "why": why, "resend": False},
    }
    return (move(ECHECK, echeck, "wait", fence=echeck.epoch, **put),)


def agrees(echeck: Echeck, answer: Outcome | Finding) -> Outcome | Finding:
    """An approval of another amount or currency is no answer."""
    match answer:
        case Approved():
            same = (answer.amount_minor, answer.currency) == (echeck.amount, echeck.currency)
            return answer if same else NoAnswer(why="mismatch")
        case _:
            return answer


def submitted(batch: EcheckBatch, *, now: datetime) -> Decision:
    """Every entry has left its hands."""
    return (
        move(BATCH, batch, "submit", submitted_at=now),
        batch_event(batch, "echeck_batch.submitted", now, sequence=batch.version + 1),
    )


def batch_event(batch: EcheckBatch, type_: str, now: datetime, *, sequence: int, **data: object) -> New:
    told = {"batch": batch.id, "merchant_account": batch.merchant_account, "count": batch.count, "total": batch.total}
    return New(
        thing=Event(
            organisation=batch.organisation, type=type_, subject=f"echeck_batch:{batch.id}", sequence=sequence,
            at=now, public=False, data={**told, "cutoff_on": batch.cutoff_on.isoformat(), **data},
            before={} if sequence == 1 else {"state": batch.state.value},
        )
    )  # fmt: skip


def freed(echeck: Echeck, *, now: datetime) -> Decision:
    """The worker that held it is gone: what it had begun to hand over is unknown."""
    put: dict[str, Any] = {"worker": None, "epoch": echeck.epoch + 1, "next_at": now}
    if echeck.state is EcheckState.BATCHED:
        lost = echeck_event(echeck, "echeck.lost", now, public=False, why="worker_lost")
        return (move(ECHECK, echeck, "lose", fence=echeck.epoch, **put), lost)
    return (move(ECHECK, echeck, "wait", fence=echeck.epoch, **put),)
