"""Noticing: what an event means to the people who are told, a row for each type of event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.mail.knowing import Known
from domain.action_item import ItemKind
from domain.mail import Failure, MailKind
from domain.notifying import OPT_IN, PLANNED, Notice, client_can_act
from domain.payment import Payment, PaymentKind

K = MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """For the people of the organisation, for the client, for the next digest."""

    staff: list[Notice] = field(default_factory=list)
    client: list[tuple[str, Notice]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


See = Callable[[Any, Known], Noticed]
NOTHING = Noticed()


def notice(event: Any, known: Known) -> Noticed:
    seen = SEEN.get(event.type)
    return seen(event, known) if seen is not None else NOTHING


def _about(event: Any) -> str:
    return f"event:{event.id}"


def _invoiced(event: Any, known: Known) -> Noticed:
    """A purchase, an invoice made by an administrator, or the new side of a replacement."""
    found = known.invoices.get(str(event.data.get("invoice")))
    kinds = {"purchase": K.PURCHASE, "administrator": K.INVOICE, "replacement": K.REPLACEMENT}
    if found is None or found.origin not in kinds:
        return NOTHING
    facts = {
        **known.client_facts(found.client), "invoice": found.id, "amount": found.total,
        "what": known.named_lines(found.id), "at": event.at.isoformat(), "by": event.by,
    }  # fmt: skip
    return Noticed(staff=[Notice(kind=kinds[found.origin], about=_about(event), facts=facts)])


def _credited(event: Any, known: Known) -> Noticed:
    """A credit note that cancels a purchase; others move nothing that anybody is told of."""
    found = known.credits.get(str(event.data.get("credit")))
    if found is None or found.origin != "purchase":
        return NOTHING
    kept = {str(line.get("line")) for line in found.lines}
    lines = [line.description for line in known.lines.get(found.invoice or "", ()) if line.line in kept]
    facts = {
        **known.client_facts(found.client), "invoice": found.invoice, "credit": found.id, "amount": found.amount,
        "what": lines, "at": event.at.isoformat(), "by": event.by,
    }  # fmt: skip
    return Noticed(staff=[Notice(kind=K.CANCELLATION, about=_about(event), facts=facts)])


def _paid(event: Any, known: Known) -> Noticed:
    """Money that came: a receipt for the client; the organisation's addresses hear of payments, and of
    instalments by e-check, not by card (N3). What has not settled yet is told once it has."""
    payment = known.payments.get(str(event.data.get("payment")))
    if payment is None or event.data.get("method") == "echeck":
        return NOTHING
    facts = {
        **known.client_facts(payment.client), **known.payment_facts(payment.id),
        "amount": event.data.get("amount", payment.amount), "at": event.at.isoformat(),
        "reference": event.data.get("reference", ""),
    }  # fmt: skip
    staff = []
    if payment.kind is PaymentKind.ONE_OFF:
        staff.append(Notice(kind=K.PAYMENT, about=_about(event), facts=facts))
    elif facts["method"].get("kind") == "echeck":
        kind = K.ECHECK_INSTALMENT if payment.kind is PaymentKind.INSTALMENT else K.PAYMENT
        staff.append(Notice(kind=kind, about=_about(event), facts=facts))
    return Noticed(staff=staff, client=[(payment.client, Notice(kind=K.RECEIPT, about=_about(event), facts=facts))])


def _opened(event: Any, known: Known) -> Noticed:
    """An item that a failure opened, or opened again; not one that a person reopened."""
    item = known.items.get(str(event.data.get("item")))
    if item is None or event.data.get("reopened"):
        return NOTHING
    payment = known.payments.get(item.payment or "")
    reason = str(event.data.get("reason") or item.reason)
    method = known.method_facts(payment, item.payment_method)
    facts = {
        **known.client_facts(item.client), **(known.payment_facts(item.payment) if item.payment else {}),
        "item": item.id, "method": method, "amount": item.amount, "kind": item.kind.value, "of": item.of,
        "reason": reason, "at": event.at.isoformat(),
    }  # fmt: skip
    if item.kind is ItemKind.EXPIRING_CARD:
        told = Notice(kind=K.CARD_EXPIRING, about=_about(event), facts=facts)
        return Noticed(client=[(item.client, told)])
    failure = Failure(
        organisation=item.organisation, event=event.id, item=item.id, payment=item.payment or "", client=item.client,
        client_name=facts["client_name"], amount=item.amount, kind=item.kind.value, of=item.of, reason=reason,
        method=method, failed_at=event.at,
    )  # fmt: skip
    what = _what_failed(item.kind, item.of, payment)
    staff = Notice(
        kind=K.FAILURE, about=_about(event), facts=facts, opt_in=OPT_IN.get(what, "") if what else "",
        planned=what in PLANNED,
    )  # fmt: skip
    first = not event.before and item.kind not in (ItemKind.IN_DOUBT, ItemKind.REFUND)
    client = [(item.client, Notice(kind=K.PAYMENT_FAILED, about=_about(event), facts=facts))]
    return Noticed(staff=[staff], client=client if first and client_can_act(reason) else [], failures=[failure])


def _what_failed(kind: ItemKind, of: str, payment: Payment | None) -> ItemKind | None:
    """What somebody opted in to hear of: an item in doubt counts as what it is about."""
    if kind is not ItemKind.IN_DOUBT:
        return kind
    return ItemKind(of) if of in set(ItemKind) else None


def _refunded(event: Any, known: Known) -> Noticed:
    """A refund that has left: to the method that paid, or by hand."""
    client = str(event.data.get("client", ""))
    payment = str(event.data.get("payment") or "")
    facts = {
        **known.client_facts(client), **(known.payment_facts(payment) if payment else {}),
        "refund": str(event.data.get("refund", "")), "amount": event.data.get("amount", 0),
        "offline": str(event.data.get("offline") or ("offline" if event.type == "refund.recorded" else "")),
        "reference": str(event.data.get("reference") or ""), "at": event.at.isoformat(),
    }  # fmt: skip
    return Noticed(client=[(client, Notice(kind=K.REFUND_SENT, about=_about(event), facts=facts))])


# fmt: off
SEEN: dict[str, See] = {
    "invoice.created":      _invoiced,
    "credit.created":       _credited,
    "payment.approved":     _paid,
    "instalment.charged":   _paid,
    "subscription.renewed": _paid,
    "echeck.settled":       _paid,
    "action_item.opened":   _opened,
    "refund.submitted":     _refunded,
    "refund.recorded":      _refunded,
}
# fmt: on
