"""Who may come in: keys of services, one-time sign-in links, sessions of people, all kept as hashes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKey:
    """`organisations` that the key may touch; `hash` is the SHA-256 of the key, which is shown once."""

    hash: str
    name: str
    organisations: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    hash: str
    organisation: str
    administrator: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`csrf` is the token that every form of the session carries; `language` the one last chosen."""

    hash: str
    organisation: str
    administrator: str
    csrf: str
    language: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message that could not be read: kept as it came (redacted when shown), with the reason."""

    id: str
    door: str
    raw: str
    reason: str
    detail: str = ""
    at: datetime
    replayed_at: datetime | None = None
