"""A payment: what was paid or is owed. An instalment is a payment with a plan and a date."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.machine import Machine


class PaymentKind(StrEnum):
    INSTALMENT = "instalment"
    SUBSCRIPTION = "subscription"  # the charge of a period that was billed (S1)
    ONE_OFF = "payment"


class PaymentState(StrEnum):
    SCHEDULED = "scheduled"  # planned for a date, a night will take it
    DUE = "due"  # to be charged now (or from due_at on)
    SUBMITTING = "submitting"  # claimed by a worker, an attempt is in flight
    UNKNOWN = "unknown"  # asked, no usable answer: being looked up
    IN_DOUBT = "in_doubt"  # the ladder ended without a verdict: a person settles it (A10)
    PAID = "paid"
    FAILED = "failed"  # declined, not sent to a dead method, or found not to have been paid
    HELD = "held"  # the plan is stopped: nothing is sent until the method is replaced (I5)
    CANCELLED = "cancelled"
    REVERSED = "reversed"  # an offline payment that was cancelled


S = PaymentState

# fmt: off
PAYMENT: Machine[PaymentState] = Machine(
    name="payment",
    starts=(S.SCHEDULED, S.DUE, S.HELD, S.PAID, S.FAILED),  # failed: a period with no method on file (S4)
    table={
        (S.SCHEDULED,  "claim"):   S.SUBMITTING,
        (S.SCHEDULED,  "fall_due"):S.DUE,
        (S.SCHEDULED,  "fail"):    S.FAILED,
        (S.SCHEDULED,  "cancel"):  S.CANCELLED,
        (S.SCHEDULED,  "hold"):    S.HELD,
        (S.SCHEDULED,  "change"):  S.SCHEDULED,
        (S.HELD,       "release"): S.SCHEDULED,
        (S.HELD,       "cancel"):  S.CANCELLED,
        (S.HELD,       "change"):  S.HELD,
        (S.DUE,        "claim"):   S.SUBMITTING,
        (S.DUE,        "fail"):    S.FAILED,
        (S.DUE,        "cancel"):  S.CANCELLED,
        (S.DUE,        "hold"):    S.HELD,
        (S.SUBMITTING, "approve"): S.PAID,
        (S.SUBMITTING, "decline"): S.FAILED,
        (S.SUBMITTING, "lose"):    S.UNKNOWN,
        (S.UNKNOWN,    "approve"): S.PAID,
        (S.UNKNOWN,    "decline"): S.FAILED,
        (S.UNKNOWN,    "doubt"):   S.IN_DOUBT,
        (S.UNKNOWN,    "again"):   S.DUE,       # surely not charged: another attempt has its own key
        (S.IN_DOUBT,   "wait"):    S.IN_DOUBT,
        (S.IN_DOUBT,   "approve"): S.PAID,
        (S.IN_DOUBT,   "decline"): S.FAILED,
        (S.HELD,       "fall_due"):S.DUE,
        (S.SCHEDULED,  "present"): S.PAID,      # by e-check: a receipt at once, not yet settled (E1)
        (S.DUE,        "present"): S.PAID,
        (S.FAILED,     "change"):  S.FAILED,
        (S.FAILED,     "retry"):   S.DUE,
        (S.DUE,        "withdraw"):S.FAILED,    # a retry that was taken back before it was sent
        (S.FAILED,     "cancel"):  S.CANCELLED,
        (S.SCHEDULED,  "deposit"): S.PAID,      # a paper cheque, by a person (I7)
        (S.FAILED,     "deposit"): S.PAID,
        (S.PAID,       "reverse"): S.REVERSED,
    },
)
# fmt: on

IN_FLIGHT = (S.SUBMITTING, S.UNKNOWN, S.IN_DOUBT)
PLANNED = (S.SCHEDULED, S.DUE, S.SUBMITTING, S.UNKNOWN, S.IN_DOUBT)
STILL_PLANNED = (*PLANNED, S.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`number` of `plan`, or of the periods of `subscription`, starts at 1. `due_on` is a business date, `due_at`
    the instant from which a payment that is DUE may be claimed. `ref` makes the keys of its attempts. `version`
    counts its steps and orders its events. `command` is the inbox row that waits for the next outcome. `refunded`
    is what was given back or is on its way: never more than `amount` (R1). `retry_of` is the payment whose
    returned e-check this one presents again.
    """

    organisation: str
    id: str
    kind: PaymentKind
    client: str
    invoice: str | None = None
    plan: str | None = None
    subscription: str | None = None
    number: int | None = None
    merchant_account: str | None = None
    payment_method: str | None = None
    offline: str | None = None
    amount: int
    due_on: date
    due_at: datetime | None = None
    state: PaymentState
    version: int = 1
    attempts: int = 0
    ref: str
    command: int | None = None
    payer: str | None = None
    comment: str | None = None
    refunded: int = 0
    retry_of: str | None = None
    created_at: datetime

    @property
    def first(self) -> str:
        """The payment that the item of this debt names: itself, or the one that was returned."""
        return self.retry_of or self.id
