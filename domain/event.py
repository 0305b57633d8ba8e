"""What happened: one row is the audit record of a step and, when public, the event told to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SYSTEM = "system"  # who acted when no person or service did


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`subject` is `kind:id`; `sequence` orders the events of one subject. `data` holds what is now true,
    `before` what was. `public` ones leave through the outbox."""

    organisation: str
    type: str
    subject: str
    sequence: int
    at: datetime
    by: str = SYSTEM
    public: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
