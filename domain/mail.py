"""Mail: one message to one person about one event (or one day's failures), and how long it is tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from domain.machine import Machine

# How long to wait after each miss; the last one is repeated. Servers that greylist ask for some minutes.
LADDER = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=30),
)  # fmt: skip
GIVEN_UP_AFTER = timedelta(days=5)  # of "later" from a server that answers, as RFC 5321 (4.5.4.1) has it
LINK_WANTED_FOR = timedelta(hours=1)  # a way in that was asked for longer ago is not sent any more
STORM = 20  # failures told at once to one address within an hour; the next mail tells of all the others


class MailKind(StrEnum):
    DIGEST = "digest"  # N1
    FAILURE = "failure"  # N2, and N3 where it was planned
    STORM = "storm"  # instead of more than STORM failures in an hour
    PURCHASE = "purchase"  # N3, N4
    INVOICE = "invoice"  # N4
    CANCELLATION = "cancellation"  # N3, N4
    REPLACEMENT = "replacement"  # N4
    PAYMENT = "payment"  # N3
    ECHECK_INSTALMENT = "echeck_instalment"  # N3
    RECEIPT = "receipt"  # N5, as all that follow
    PAYMENT_FAILED = "payment_failed"
    REFUND_SENT = "refund_sent"
    CARD_EXPIRING = "card_expiring"
    SIGN_IN_LINK = "sign_in_link"  # a way in for an administrator who asked for one


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"  # the mail server took it
    REFUSED = "refused"  # the mail server says that there is no such address
    WITHDRAWN = "withdrawn"  # whoever was to have it may not, or does not want to, any more
    EXPIRED = "expired"  # a server that answers has said "later" for days


S = MailState

# fmt: off
MAIL: Machine[MailState] = Machine(
    name="mail",
    starts=(S.WAITING,),
    table={
        (S.WAITING, "send"):     S.SENT,
        (S.WAITING, "miss"):     S.WAITING,
        (S.WAITING, "refuse"):   S.REFUSED,
        (S.WAITING, "withdraw"): S.WITHDRAWN,
        (S.WAITING, "give_up"):  S.EXPIRED,
        (S.REFUSED, "again"):    S.WAITING,
        (S.EXPIRED, "again"):    S.WAITING,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`recipient` is `administrator:id`, `client:id` or `address:a@b.c`; where that is, is looked up when it is
    sent. `about` is the event (`event:17`) or the window (`2026-11-25`). `facts` are what it says, as they were
    when it was planned. `attempts` counts sends and fences a late record; `answer` is the last miss."""

    organisation: str
    id: str
    kind: MailKind
    about: str
    recipient: str
    language: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: MailState = MailState.WAITING
    attempts: int = 0
    next_at: datetime | None
    answer: str = ""
    planned_at: datetime
    ended_at: datetime | None = None

    @property
    def whose(self) -> tuple[str, str]:
        """(`administrator`, id) and so on."""
        sort, _, name = self.recipient.partition(":")
        return sort, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure that the digest tells of, as it was; `digest` is the date of the one that did."""

    organisation: str
    event: int
    item: str
    payment: str
    client: str
    client_name: str
    amount: int
    kind: str
    of: str
    reason: str
    method: Mapping[str, Any]
    failed_at: datetime
    digest: date | None = None


def mail_id(organisation: str, kind: MailKind, about: str, recipient: str) -> str:
    """The same for the same mail, whoever plans it and however often: it becomes the Message-ID."""
    told = "\n".join((organisation, kind.value, about, recipient))
    return f"mail_{sha256(told.encode()).hexdigest()[:32]}"


def wait_after(attempts: int) -> timedelta:
    """How long to wait after that many misses."""
    return LADDER[min(attempts, len(LADDER)) - 1]
