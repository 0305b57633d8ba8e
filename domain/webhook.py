"""Webhooks: where an organisation wants to be told of events, and each delivery of one event to one address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from domain.machine import Machine
from domain.refusal import Refusal

# How long to wait after each miss; after the last one the delivery has failed, and a person replays it.
LADDER = (
    timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=6), timedelta(hours=24),
)  # fmt: skip
ROTATION = timedelta(hours=24)  # how long the old secret signs beside the new one
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_URL = 2_000


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


S = DeliveryState

# fmt: off
DELIVERY: Machine[DeliveryState] = Machine(
    name="delivery",
    starts=(S.PENDING,),
    table={
        (S.PENDING,   "deliver"): S.DELIVERED,
        (S.PENDING,   "miss"):    S.PENDING,
        (S.PENDING,   "give_up"): S.FAILED,
        (S.FAILED,    "replay"):  S.PENDING,
        (S.DELIVERED, "replay"):  S.PENDING,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """`types` are those wanted (`payment.approved`, `refund.*`), none means all. `keys` are what the secrets that
    sign are made from, the newest first, and until when each is good; never the secrets themselves."""

    organisation: str
    id: str
    url: str
    types: tuple[str, ...] = ()
    keys: tuple[Mapping[str, Any], ...]
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: str = ""

    def wants(self, type_: str) -> bool:
        noun = type_.partition(".")[0]
        return not self.types or type_ in self.types or f"{noun}.*" in self.types


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`attempts` counts what was sent and fences a late record; while one is under way `next_at` is when it is
    given up for lost. `status` is the HTTP status of the last answer, `why` what was wrong with it."""

    organisation: str
    id: str
    endpoint: str
    event: int
    type: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_at: datetime | None
    status: int | None = None
    why: str = ""
    created_at: datetime
    ended_at: datetime | None = None


class UrlNotAllowed(Refusal):
    """Events leave by https, or by http to this very machine; without a password, and not to a private network."""

    code = "url_not_allowed"


class WebhookDisabled(Refusal):
    """Nothing is sent to a disabled endpoint."""

    code = "webhook_disabled"


def checked_url(url: str) -> str:
    """Raises UrlNotAllowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlNotAllowed("url") from None
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or port == 0:
        raise UrlNotAllowed("url")
    if _is_inside(parts.hostname):
        raise UrlNotAllowed("url")
    if parts.username or parts.password or parts.fragment or len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise UrlNotAllowed("url")
    return url


def _is_inside(host: str) -> bool:
    """Whether a host is given as an address that no receiver out there has; names are judged when something is sent."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return not (address.is_global or host in LOOPBACK) or address.is_multicast


def rung(attempts: int) -> timedelta | None:
    """How long to wait after that many attempts have missed; None when the ladder is over."""
    return LADDER[attempts - 1] if attempts <= len(LADDER) else None
