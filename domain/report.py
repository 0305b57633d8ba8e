"""A report: what a processor said by a webhook, kept once, applied later, or parked for a person with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.machine import Machine
from domain.processor_event import ReportedState, ReportKind


class ReportState(StrEnum):
    RECEIVED = "received"  # genuine, kept, not looked into yet
    APPLIED = "applied"  # what it was about is as the processor says, or is being asked about
    PARKED = "parked"  # nobody here knows what it is about, or it can't be read: `why` says it
    DISMISSED = "dismissed"  # a person looked at it and there was nothing to do


S = ReportState

# fmt: off
REPORT: Machine[ReportState] = Machine(
    name="report",
    starts=(S.RECEIVED, S.PARKED),
    table={
        (S.RECEIVED, "wait"):    S.RECEIVED,   # what it is about is in somebody's hands, or could not be asked about
        (S.RECEIVED, "apply"):   S.APPLIED,
        (S.RECEIVED, "park"):    S.PARKED,
        (S.PARKED,   "apply"):   S.APPLIED,
        (S.PARKED,   "dismiss"): S.DISMISSED,
    },
)
# fmt: on

AGAIN = timedelta(seconds=30)  # after that what could not be settled is looked into again
PATIENCE = timedelta(hours=6)  # a report may come before what it is about is known here; after that it is parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`event_id` is the processor's (or made of the content where it gives none): the same event is kept once.
    `said` is what it says of the thing known by `key` or `reference`; `payment` and `why` are what was found."""

    organisation: str
    id: str
    merchant_account: str
    event_id: str
    kind: ReportKind
    said: ReportedState
    key: str = ""
    reference: str = ""
    of: str = ""
    amount: int | None = None
    currency: str = ""
    code: str = ""
    network_code: str = ""
    occurred_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    state: ReportState = ReportState.RECEIVED
    next_at: datetime | None = None
    payment: str | None = None
    why: str = ""
    by: str = ""
    note: str = ""
    received_at: datetime
    changed_at: datetime
