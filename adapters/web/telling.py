"""The history of an item as sentences: who did what, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.database.action_centre import Row
from adapters.web.wording import Wording
from domain.event import Event
from domain.payment_method import PaymentMethod
from domain.telling import CHARGED

# fmt: off
# What each step is called (`web.step.<…>`) and its icon; steps that are not listed say nothing new.
STEPS: dict[str, tuple[str, str]] = {
    "payment.asked":           ("asked_for",   "card"),
    "instalment.charged":      ("paid",        "check"),
    "subscription.renewed":    ("paid",        "check"),
    "echeck.presented":        ("presented",   "clock"),
    "payment.approved":        ("paid",        "check"),
    "instalment.failed":       ("failed",      "alert"),
    "payment.declined":        ("failed",      "alert"),
    "subscription.renewal_failed": ("failed",  "alert"),
    "attempt.lost":            ("no_answer",   "question"),
    "payment.in_doubt":        ("in_doubt",    "question"),
    "payment.lowered":         ("lowered",     "card"),
    "payment.reversed":        ("reversed",    "undo"),
    "refund.asked":            ("refund_asked",     "undo"),
    "refund.waits":            ("refund_waits",     "clock"),
    "refund.submitted":        ("refund_submitted", "undo"),
    "refund.lost":             ("no_answer",   "question"),
    "refund.settled":          ("refund_settled",   "check"),
    "refund.failed":           ("refund_failed",    "alert"),
    "refund.cancelled":        ("refund_cancelled", "cross"),
    "instalment.changed":      ("changed",     "card"),
    "instalment.cancelled":    ("cancelled",   "cross"),
    "instalment.held":         ("held",        "clock"),
    "instalment.released":     ("released",    "clock"),
    "action_item.retrying":    ("retried",     "retry"),
    "action_item.rejected":    ("rejected",    "cross"),
    "action_item.reopened":    ("reopened",    "undo"),
    "action_item.withdrawn":   ("withdrawn",   "undo"),
    "action_item.asked_again": ("asked_again", "question"),
    "action_item.paid":        ("said_paid",   "check"),
    "action_item.not_paid":    ("said_unpaid", "cross"),
    "action_item.resolved":    ("resolved",    "check"),
    "action_item.lowered":     ("lowered",     "card"),
    "action_item.retry_passed_over": ("passed_over", "clock"),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of a timeline; `quote` is what the person wrote."""

    at: datetime
    who: str
    text: str
    quote: str
    icon: str


def tell(
    events: Sequence[Event], row: Row, w: Wording, *, names: dict[str, str], methods: Mapping[str, PaymentMethod]
) -> list[Told]:
    """The latest first."""
    told = [one for event in events if (one := _told(event, row, w, names, methods)) is not None]
    return told[::-1]


def _told(
    event: Event, row: Row, w: Wording, names: dict[str, str], methods: Mapping[str, PaymentMethod]
) -> Told | None:
    kind = _kind(event)
    if kind not in STEPS:
        return None
    step, icon = STEPS[kind]
    data = event.data
    replaced = step == "retried" and data.get("replaced")
    text = w(
        f"web.step.{step}_replaced" if replaced else f"web.step.{step}",
        reason=w.reason(str(data.get("reason") or row.item.reason), "staff"),
        amount=w.money(int(data.get("amount", row.item.amount))),
        method=w.method(methods.get(str(data.get("payment_method", ""))) or row.method),
    )
    quote = str(data.get("reason", "")) if step in ("rejected", "said_paid", "said_unpaid") else ""
    if step == "said_paid" and data.get("reference"):
        quote = f"{quote} ({data['reference']})"
    return Told(at=event.at, who=w.who(event.by, names), text=text, quote=quote, icon=icon)


def _kind(event: Event) -> str:
    """The type of the step, told apart where one type stands for several."""
    if event.type == "action_item.opened" and event.data.get("reopened"):
        return "action_item.withdrawn" if event.before.get("state") == "retrying" else "action_item.reopened"
    if event.type == "action_item.settled":
        return f"action_item.{event.data.get('outcome', '')}"
    if event.type in CHARGED.values() and event.data.get("method") == "echeck":
        return "echeck.presented"
    return event.type
