"""Who may come in: keys of services; links, passwords, codes and sessions of people. Kept as hashes, or sealed."""

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
    """`csrf` is the token that every form of the session carries; `language` the one last chosen. One that
    `awaits` a code lets nobody in until the code was given."""

    hash: str
    organisation: str
    administrator: str
    csrf: str
    language: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    awaits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """`hash` is Argon2id's, with its salt and its cost in it."""

    organisation: str
    administrator: str
    hash: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """An app that shows a code every half minute. `sealed` is its secret; it counts once `confirmed_at` is known.
    `last_step` is the newest half minute whose code was used: none is used twice. `spare` are hashes of codes for
    the day on which the app is lost, each good once."""

    organisation: str
    administrator: str
    sealed: str
    confirmed_at: datetime | None = None
    last_step: int = 0
    spare: tuple[str, ...] = ()
    created_at: datetime

    @property
    def about(self) -> tuple[str, ...]:
        """What the sealed secret is bound to."""
        return about_authenticator(self.organisation, self.administrator)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcVisit:
    """A way to the identity provider and back, for one browser, once. With an administrator it ties what comes back
    to that person; without, it signs in whoever it is tied to."""

    hash: str
    browser: str
    nonce: str
    verifier: str
    organisation: str = ""
    administrator: str = ""
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenIdentity:
    """What an identity provider calls a person: by `subject`, never by an address, which may change hands."""

    organisation: str
    administrator: str
    issuer: str
    subject: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often something was tried in vain, and until when nobody is listened to. `key` says what, as a hash."""

    key: str
    misses: int
    until: datetime
    at: datetime


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


def about_authenticator(organisation: str, administrator: str) -> tuple[str, ...]:
    return (organisation, "authenticator", administrator)
