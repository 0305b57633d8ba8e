"""An action item: a failure that waits for a person in the Payment Action Center (section 5)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.machine import Machine


class ItemState(StrEnum):
    OPEN = "open"
    RETRYING = "retrying"
    RESOLVED = "resolved"
    REJECTED = "rejected"


class ItemKind(StrEnum):
    INSTALMENT = "instalment"
    SUBSCRIPTION = "subscription"
    ECHECK = "echeck"
    REFUND = "refund"
    EXPIRING_CARD = "expiring_card"
    IN_DOUBT = "in_doubt"
    PAYMENT = "payment"  # a one-off payment that was taken back


S = ItemState

# fmt: off
ACTION_ITEM: Machine[ItemState] = Machine(
    name="action_item",
    starts=(S.OPEN,),
    table={
        (S.OPEN,     "retry"):   S.RETRYING,
        (S.OPEN,     "reject"):  S.REJECTED,
        (S.OPEN,     "resolve"): S.RESOLVED,
        (S.OPEN,     "update"):  S.OPEN,
        (S.RETRYING, "fail"):    S.OPEN,
        (S.RETRYING, "resolve"): S.RESOLVED,
        (S.RETRYING, "withdraw"):S.OPEN,  # taken back before it was sent
        (S.REJECTED, "reopen"):  S.OPEN,
        (S.REJECTED, "resolve"): S.RESOLVED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """`kind` is what was owed, or `in_doubt` with `of` saying what. `refund` names what of `payment` could not be
    given back, and is empty when it is about the payment itself. `attempts` counts those so far. `by` and `note` are
    of the last act of a person. `about` is the month in which an expiring card ends. `retry_on` is the night of
    the next automatic retry (A8)."""

    organisation: str
    id: str
    kind: ItemKind
    of: str
    about: str = ""
    payment: str
    refund: str = ""
    client: str
    merchant_account: str | None
    payment_method: str | None
    amount: int
    reason: str
    reason_class: str
    network_code: str = ""
    state: ItemState = ItemState.OPEN
    version: int = 1
    attempts: int = 0
    failed_at: datetime
    opened_at: datetime
    changed_at: datetime
    by: str = ""
    note: str = ""
    retry_on: date | None = None
