"""A run: the night of an organisation for a business date; started twice or late, it is the same run."""

from dataclasses import dataclass
from datetime import date, datetime

NIGHT = "night"
BATCH = "batch"  # of e-checks, at a cut-off
EXPIRING_CARDS = "expiring_cards"  # looked at once for each night
DIGEST = "digest"  # the daily mail about failures (N1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    organisation: str
    kind: str
    business_date: date
    started_at: datetime
    finished_at: datetime | None = None
