"""An attempt: one key, asked of a gateway at most MAX_SENDS times; its lease, its ladder, its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.machine import Machine

MAX_SENDS = 3  # after that many sends without a verdict another one would not help


class AttemptState(StrEnum):
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    IN_DOUBT = "in_doubt"
    APPROVED = "approved"
    DECLINED = "declined"
    CLOSED = "closed"  # a person said that it was not paid (A10), or it was cancelled and another one follows


S = AttemptState

# fmt: off
ATTEMPT: Machine[AttemptState] = Machine(
    name="attempt",
    starts=(S.SUBMITTING,),
    table={
        (S.SUBMITTING, "approve"): S.APPROVED,
        (S.SUBMITTING, "decline"): S.DECLINED,
        (S.SUBMITTING, "lose"):    S.UNKNOWN,
        (S.UNKNOWN,    "approve"): S.APPROVED,
        (S.UNKNOWN,    "decline"): S.DECLINED,
        (S.UNKNOWN,    "wait"):    S.UNKNOWN,
        (S.UNKNOWN,    "doubt"):   S.IN_DOUBT,
        (S.UNKNOWN,    "close"):   S.CLOSED,
        (S.IN_DOUBT,   "wait"):    S.IN_DOUBT,
        (S.IN_DOUBT,   "approve"): S.APPROVED,
        (S.IN_DOUBT,   "decline"): S.DECLINED,
        (S.IN_DOUBT,   "close"):   S.CLOSED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """When an unknown outcome is looked up: waits between look-ups, and how long a charge may still be
    in flight before "not found" is believed (it counts only twice, spaced that far apart)."""

    waits: tuple[timedelta, ...]
    flight: timedelta


def _seconds(*values: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


# The last waits of the real ladder bring it to 72 hours; the simulator's ends within a minute.
REAL_LADDER = Ladder(waits=_seconds(30, 120, 600, 3_600, 21_600, 86_400, 86_400, 60_000), flight=timedelta(minutes=5))
SIMULATOR_LADDER = Ladder(waits=_seconds(1, 2, 5, 15, 30), flight=timedelta(seconds=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`key` is our idempotency key, fixed for ever. `epoch` fences late writers; `worker` holds the lease.
    `instrument` is the card behind the method, `advice` the network's beside a decline (`retry_rules`).
    `rung` counts look-ups done, `missed_at` is the first of the current run of "not found"."""

    key: str
    organisation: str
    payment: str
    number: int
    merchant_account: str
    payment_method: str
    amount: int
    currency: str
    parameters_hash: str
    state: AttemptState = AttemptState.SUBMITTING
    worker: str | None = None
    epoch: int = 1
    sends: int = 1
    rung: int = 0
    missed_at: datetime | None = None
    resend: bool = False
    next_at: datetime | None = None
    reference: str = ""
    reason: str = ""
    network_code: str = ""
    advice: str = ""
    instrument: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    promised_at: datetime
    ended_at: datetime | None = None
