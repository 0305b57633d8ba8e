"""What a processor says by a webhook, verified and read: a reason to ask it, never by itself a proof about money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ReportKind(StrEnum):
    """What a report is about."""

    CHARGE = "charge"  # a card charge, or the debit of an e-check
    REFUND = "refund"
    CHARGEBACK = "chargeback"  # a card network, or a late dispute of a bank debit
    BANK_RETURN = "bank_return"  # a bank that takes a debit back
    OTHER = "other"  # genuine, and nothing to us: a test, a kind that nobody asked for


class ReportedState(StrEnum):
    PENDING = "pending"  # taken on by the processor, no verdict
    SUCCEEDED = "succeeded"  # a card is charged; a bank debit is under way and may still come back
    SETTLED = "settled"  # the money has arrived
    FAILED = "failed"
    CANCELLED = "cancelled"
    TAKEN_BACK = "taken_back"  # a chargeback or a return: the money has left again
    GIVEN_BACK = "given_back"  # a chargeback that was won


R = ReportedState

# Reports come in any order: the later state in this list is the one to believe, until the processor is asked.
# fmt: off
FINALITY: Mapping[ReportedState, int] = {
    R.PENDING:    0,
    R.SUCCEEDED:  1,
    R.SETTLED:    2,
    R.CANCELLED:  3,
    R.FAILED:     3,
    R.TAKEN_BACK: 4,
    R.GIVEN_BACK: 5,
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorEvent:
    """`event_id` is the same whenever the same event comes again. `key` is the one that we asked with, or empty;
    `reference` is the processor's of the thing itself, `of` that of the payment behind a refund, a chargeback
    or a return. `code` is of `declines.REASONS`. `raw` is the body with everything secret masked."""

    event_id: str
    kind: ReportKind
    state: ReportedState
    key: str = ""
    reference: str = ""
    of: str = ""
    amount_minor: int | None = None
    currency: str = ""
    code: str = ""
    network_code: str = ""
    occurred_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class NotGenuine(Exception):
    """A webhook that its processor did not sign, or signed long ago: answered with 400 and never kept.

    `why` is one of no_signature, wrong_signature, too_old, no_secret.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotReadable(Exception):
    """Signed, and still not to be understood: kept aside for a person."""
