"""What a gateway can answer, as closed unions: an outcome of a charge, a finding of a look-up.

Money is believed only when an answer says so in full: everything doubtful is `NoAnswer`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The gateway took the money. `amount_minor` and `currency` are what it says that it took."""

    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The gateway or the network said no. `code` is of our vocabulary (`declines.REASONS`)."""

    code: str
    network_code: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Sent, or perhaps sent, and nothing usable came back: the outcome is unknown.

    `why` is one of timeout, server_error, malformed, mismatch, connection_lost, conflict, gateway_bug.
    """

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Surely never reached the gateway (DNS, refused, TLS): the same key may be sent again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The gateway answers a look-up by our key: it knows no such charge (yet)."""


Outcome = Approved | Declined | NoAnswer | NotSent
Finding = Approved | Declined | NotFound | NoAnswer | NotSent


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What is asked of a gateway, once per `key`. Amounts are in minor units of `currency`."""

    key: str
    amount_minor: int
    currency: str
    token: str = field(repr=False)
    brand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A question about an earlier charge: what became of `key`? Amount and currency guard the answer."""

    key: str
    amount_minor: int
    currency: str
