"""A batch of e-checks: all of one merchant account at one cut-off, frozen with its control totals (E3)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.machine import Machine


class BatchState(StrEnum):
    FROZEN = "frozen"  # its entries never change again; some may not be handed over yet
    SUBMITTED = "submitted"  # every entry is at the processor or bank, refused, or being looked up


# fmt: off
BATCH: Machine[BatchState] = Machine(
    name="echeck_batch",
    starts=(BatchState.FROZEN,),
    table={
        (BatchState.FROZEN, "submit"): BatchState.SUBMITTED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class EcheckBatch:
    """`count` and `total` are the control totals."""

    organisation: str
    id: str
    merchant_account: str
    cutoff_on: date
    state: BatchState = BatchState.FROZEN
    version: int = 1
    count: int
    total: int
    currency: str
    frozen_at: datetime
    submitted_at: datetime | None = None
