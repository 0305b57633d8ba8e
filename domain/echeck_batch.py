"""A batch of e-checks: all of one merchant account at one cut-off, frozen with its control totals (E3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.machine import Machine


class BatchState(StrEnum):
    FROZEN = "frozen"  # its entries never change again; some may not be handed over yet
    SUBMITTED = "submitted"  # every entry is at the processor or bank, refused, or being looked up


# fmt: off
BATCH: Machine[BatchState] = Machine(
    name="echeck_batch",
    starts=(BatchState.FROZEN,),
    table={
        (BatchState.FROZEN, "write"):  BatchState.FROZEN,      # its file is written, and these are its bytes
        (BatchState.FROZEN, "submit"): BatchState.SUBMITTED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class EcheckBatch:
    """`count` and `total` are the control totals. Of a bank file: `number` is its creation number or its place in
    its day, `effective_on` the date asked for, `file` its name, `hash` the digest of its bytes."""

    organisation: str
    id: str
    merchant_account: str
    cutoff_on: date
    state: BatchState = BatchState.FROZEN
    version: int = 1
    count: int
    total: int
    currency: str
    number: int = 0
    effective_on: date | None = None
    file: str = ""
    hash: str = ""
    originator: Mapping[str, Any] = field(default_factory=dict)
    frozen_at: datetime
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDesk:
    """What a merchant account counts for its bank, for ever: `trace` and `number` are the last that were given,
    `day` and `of_day` how many files that day had. `next_at` is when returned files are looked for next."""

    organisation: str
    id: str
    trace: int = 0
    number: int = 0
    day: date | None = None
    of_day: int = 0
    next_at: datetime | None = None
