"""An organisation, its settings, and the merchant accounts through which its money moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

NIGHT_AT = "03:00"  # I4: the default hour of the nightly run, local
DIGEST_AT = "07:00"  # N1: of the digest
ECHECK_CUTOFF_AT = "17:00"  # E2: the default hour of the e-check batch, local, on banking days
SETTLEMENT_DAYS = 10  # E4: banking days until a verdict is missed
LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """`settings` are those of CONTRACT section 2 that were given; defaults live in the properties."""

    id: str
    name: str
    timezone: str
    currency: str
    language: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime

    @property
    def night_at(self) -> time:
        return time.fromisoformat(str(self.settings.get("night_at", NIGHT_AT)))

    @property
    def digest_at(self) -> time:
        return time.fromisoformat(str(self.settings.get("digest_at") or DIGEST_AT))

    @property
    def echeck_cutoff_at(self) -> time:
        return time.fromisoformat(str(self.settings.get("echeck_cutoff_at") or ECHECK_CUTOFF_AT))

    @property
    def settlement_days(self) -> int:
        return int(self.settings.get("settlement_days") or SETTLEMENT_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantAccount:
    """An account at a processor (PRODUCT section 9). `kinds` of `card`, `echeck`."""

    organisation: str
    id: str
    processor: str
    kinds: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
