"""What is asked of a gateway and what it can answer, as closed unions: an outcome, a finding, a standing.

Money is believed only when an answer says so in full: everything doubtful is `NoAnswer`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The gateway did it: took the money, gave it back, or cancelled what it had taken. `amount_minor` and
    `currency` are what it says of how much; of a cancellation, the amount of the charge. `effective_on` is the date
    that a bank file asks for. `raw` is its answer as it may be kept: masked."""

    reference: str
    amount_minor: int
    currency: str
    effective_on: date | None = None
    raw: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The gateway or the network said no. `code` is of our vocabulary (`declines.REASONS`); `advice` is the network's
    own, as it stands in `retry_rules`."""

    code: str
    network_code: str = ""
    advice: str = ""
    reference: str = ""
    raw: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Sent, or perhaps sent, and nothing usable came back: the outcome is unknown.

    `why` is one of timeout, server_error, malformed, mismatch, connection_lost, conflict, gateway_bug, or restored: not
    asked now, for it may have been asked before. `raw` is what came back instead of an answer, as far as it may be
    kept: masked.
    """

    why: str
    raw: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False, compare=False)


NOT_ASKED = NoAnswer(why="restored")


def perhaps_asked(made_at: datetime, due_on: date, restored_at: datetime | None) -> bool:
    """Whether books that were restored may have forgotten that this was asked: it was due by then (F-72). It is then
    taken as if its answer were lost: looked up by its key, and sent under the same one where it is not found."""
    return restored_at is not None and made_at <= restored_at and due_on <= restored_at.date() + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Surely never reached the gateway (DNS, refused, TLS): the same key may be sent again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The gateway answers a look-up by our key: it knows no such thing (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """It was taken and is under way; no verdict yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The money has arrived where it should. `on` is the processor's date."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """It did not arrive, or was taken back: a bank's return, a refund that failed. `code` is of our vocabulary."""

    code: str
    network_code: str = ""
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """It was cancelled before it settled: voided, or its settlement cancelled."""


Outcome = Approved | Declined | NoAnswer | NotSent
Finding = Approved | Declined | NotFound | NoAnswer | NotSent
Standing = Pending | Settled | Returned | Cancelled | NotFound | NoAnswer | NotSent

# Codes of a `Declined` that are about the order of things and not about money: nothing was done, ask otherwise.
NOT_SETTLED = "not_settled"  # a refund came too early: its payment has not settled
ALREADY_SETTLED = "already_settled"  # a cancellation came too late: the batch is closed


class About(StrEnum):
    """What was asked under a key."""

    CHARGE = "charge"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    DEBIT = "debit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What is asked of a gateway, once per `key`. Amounts are in minor units of `currency`; `expiry` is "2027-03"
    where the method has one."""

    key: str
    amount_minor: int
    currency: str
    token: str = field(repr=False)
    brand: str = ""
    expiry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """An e-check: an account to be debited, once per `key`. `account_type` is checking or savings where it is
    known; `holder` and `mandate` (channel, holder, recurring, signed_on) are those of the method on file."""

    key: str
    amount_minor: int
    currency: str
    token: str = field(repr=False)
    account_type: str = ""
    holder: str = field(default="", repr=False)
    mandate: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Money to be given back of an earlier charge or debit, once per `key`. `of_key` and `of_reference` are ours
    and the processor's of that charge, `charged_minor` its whole amount; `kind` is card or echeck."""

    key: str
    of_key: str
    of_reference: str
    amount_minor: int
    currency: str
    charged_minor: int
    token: str = field(repr=False)
    kind: str = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A charge to be cancelled in full before it settles (a void, or its settlement cancelled), once per `key`.
    `amount_minor` is that of the charge; `of_key` and `of_reference` are ours and the processor's of it."""

    key: str
    of_key: str
    of_reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A question: what became of what was asked under `key`? Amount and currency guard the answer. `reference` is
    the processor's, where we know it; of a refund or cancellation, `of_key` and `of_reference` name the charge.
    `token` is what was charged: some processors list by client. `since` is when it was first asked, if that is
    known: nothing older can be it."""

    key: str
    amount_minor: int
    currency: str
    about: About = About.CHARGE
    reference: str = ""
    of_key: str = ""
    of_reference: str = ""
    token: str = field(default="", repr=False)
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A line of the processor's own list of a date: what it says that moved, whatever we believe. `key` is ours as
    it kept it, empty where it did not; `cancelled` when it was voided since. `taken_back` is a chargeback of what is
    known by `reference`, with the network's own code."""

    key: str
    reference: str
    about: About
    amount_minor: int
    currency: str
    cancelled: bool = False
    taken_back: bool = False
    network_code: str = ""
