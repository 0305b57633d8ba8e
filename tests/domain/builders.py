"""Things of the domain as a test needs them, and a decision as lines that can be read."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.attempt import Attempt, AttemptState
from domain.claim import Around, Asked, Claim, parameters_hash
from domain.decision import Allocate, Change, Decision, Move, New, Remove
from domain.event import Event
from domain.instalment import Plan
from domain.invoice import OpenLine
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import About
from domain.payment import Payment, PaymentKind, PaymentState
from domain.payment_method import PaymentMethod
from domain.repayment import Repayment, RepaymentState

T = TypeVar("T")

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # 03:00 in Montréal
TODAY = date(2026, 11, 24)
_numbers = itertools.count(1)


def mint(prefix: str = "") -> str:
    return f"{prefix}{next(_numbers):06}"


def organisation(**more: Any) -> Organisation:
    return replace(
        Organisation(
            id="ymca", name="YMCA", timezone="America/Toronto", currency="CAD", language="en", created_at=NOW
        ),
        **more,
    )  # fmt: skip


def account(**more: Any) -> MerchantAccount:
    return replace(MerchantAccount(organisation="ymca", id="main", processor="simulator", kinds=("card",)), **more)


def method(**more: Any) -> PaymentMethod:
    return replace(
        PaymentMethod(
            organisation="ymca", id="pm-1", client="c-1", kind="card", merchant_account="main", token="tok_approve",
            brand="visa", last4="4242", created_at=NOW,
        ),
        **more,
    )  # fmt: skip


def plan(**more: Any) -> Plan:
    return replace(
        Plan(
            organisation="ymca", id="plan-1", client="c-1", invoice="inv-1", lines=("l1",), payment_method="pm-1",
            total=30_000, count=3, created_at=NOW,
        ),
        **more,
    )  # fmt: skip


def instalment(**more: Any) -> Payment:
    return replace(
        Payment(
            organisation="ymca", id="pay-1", kind=PaymentKind.INSTALMENT, client="c-1", invoice="inv-1", plan="plan-1",
            number=1, merchant_account="main", payment_method="pm-1", amount=10_000, due_on=TODAY,
            state=PaymentState.SCHEDULED, ref="eabcdefghjkmn", created_at=NOW,
        ),
        **more,
    )  # fmt: skip


def one_off(**more: Any) -> Payment:
    plain: dict[str, Any] = {"kind": PaymentKind.ONE_OFF, "plan": None, "number": None, "state": PaymentState.DUE}
    return instalment(**{**plain, **more})


def item(state: ItemState = ItemState.RETRYING, **more: Any) -> ActionItem:
    return replace(
        ActionItem(
            organisation="ymca", id="itm-1", kind=ItemKind.INSTALMENT, of="instalment", payment="pay-1", client="c-1",
            merchant_account="main", payment_method="pm-1", amount=10_000, reason="insufficient_funds",
            reason_class="later", state=state, failed_at=NOW, opened_at=NOW, changed_at=NOW,
        ),
        **more,
    )  # fmt: skip


def line(open_minor: int = 10_000, id: str = "l1") -> OpenLine:
    return OpenLine(organisation="ymca", invoice="inv-1", line=id, open=open_minor)


def claim(payment: Payment | None = None, **more: Any) -> Claim:
    payment = payment or instalment()
    return replace(
        Claim(
            organisation=organisation(), account=account(), payment=payment, method=method(),
            plan=plan() if payment.plan is not None else None, item=None, language="en", open_minor=payment.amount,
        ),
        **more,
    )  # fmt: skip


def asked(
    payment: Payment | None = None, state: AttemptState = AttemptState.SUBMITTING, *,
    attempt: dict[str, Any] | None = None, **more: Any,
) -> Asked:  # fmt: skip
    """A claim that was promised; the payment's state follows the attempt's, unless it says otherwise."""
    payment = replace(payment or instalment(), attempts=1, version=2, state=PaymentState(state.value))
    held = claim(payment, **more)
    promised = Attempt(
        key=f"{payment.ref}x1", organisation="ymca", payment=payment.id, number=1, merchant_account="main",
        payment_method="pm-1", amount=payment.amount, currency="CAD",
        parameters_hash=parameters_hash("main", method(), payment.amount, "CAD"), state=state,
        worker="host-1/1" if state is AttemptState.SUBMITTING else None, promised_at=NOW,
    )  # fmt: skip
    return Asked(claim=held, payment=payment, attempt=replace(promised, **(attempt or {})))


def around(**more: Any) -> Around:
    return replace(Around(lines=(line(),)), **more)


# -- a decision, read ----------------------------------------------------------------------------


def told(decision: Decision) -> list[str]:
    """Every step as a line, sorted: `payment submitting -> paid`, `new Posting`, `tell payment.approved`."""
    return sorted(_line(step) for step in decision)


def _line(step: New | Move | Change | Remove | Allocate) -> str:
    match step:
        case New(thing=Event()):
            return f"tell {step.thing.type}"
        case New():
            return f"new {type(step.thing).__name__}"
        case Move():
            return f"{step.thing.__name__} {step.before} -> {step.after}"
        case Change():
            return f"change {step.thing.__name__}"
        case Remove():
            return f"remove {step.thing.__name__}"
        case Allocate():
            return f"allocate {step.line} {step.amount}"


def made(decision: Decision, thing: type[T]) -> list[T]:
    """The new things of a kind."""
    return [step.thing for step in decision if isinstance(step, New) and isinstance(step.thing, thing)]


def moved(decision: Decision, thing: type) -> Move:
    """The one step of a kind of thing."""
    (found,) = [step for step in decision if isinstance(step, Move) and step.thing is thing]
    return found


def changed(decision: Decision, thing: type) -> list[Change]:
    return [step for step in decision if isinstance(step, Change) and step.thing is thing]


def events(decision: Decision) -> Sequence[Event]:
    return made(decision, Event)


def attempt_after(one: Asked, decision: Decision) -> Asked:
    """What the books hold of an attempt and its payment once the decision is written."""
    for step in decision:
        if isinstance(step, Move) and step.thing is Attempt:
            assert (step.before, step.fence) == (one.attempt.state, one.attempt.epoch)
            one = replace(one, attempt=replace(one.attempt, state=AttemptState(step.after), **step.put))
        if isinstance(step, Move) and step.thing is Payment:
            assert step.before is one.payment.state
            one = replace(one, payment=replace(one.payment, state=PaymentState(step.after), **step.put))
    return one


def repayment(**given: Any) -> Repayment:
    """A refund of `pay-1` that is being asked for."""
    values: dict[str, Any] = {
        "key": "eabcdefghijkmr1", "organisation": "ymca", "client": "c-1", "payment": "pay-1", "refund": "r-1",
        "number": 1, "about": About.REFUND, "merchant_account": "main", "payment_method": "pm-1", "amount": 1_000,
        "currency": "CAD", "of_key": "eabcdefghijkmx1", "of_reference": "sim_1", "parameters_hash": "h",
        "state": RepaymentState.SUBMITTING, "promised_at": NOW,
    }  # fmt: skip
    return Repayment(**(values | given))
