"""Ways in: a key for a service, a one-time link for a person; both are shown once and kept as hashes."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from adapters.database.books import BookTransaction
from domain.access import ServiceKey, SignInLink
from domain.decision import New
from domain.event import Event
from domain.organisation import Organisation
from domain.people import Administrator

KEY_PREFIX = "enc_"
SECRET_BYTES = 32
LINK_LASTS = timedelta(minutes=15)


def hash_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits: it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(tx: BookTransaction, name: str, organisations: Sequence[str]) -> str:
    """A key for these organisations; raises NotKnown."""
    for organisation in organisations:
        tx.get(Organisation, id=organisation)
    key = KEY_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    kept = ServiceKey(hash=hash_of(key), name=name, organisations=tuple(organisations), created_at=tx.now)
    told = [_event(tx, one, "service_key.created", f"service_key:{name}", name=name) for one in organisations]
    tx.write([(New(thing=kept), *told)])
    return key


def create_sign_in_link(tx: BookTransaction, organisation: str, administrator: str, *, public_url: str) -> str:
    """An address that lets this person in, once, within LINK_LASTS; raises NotKnown."""
    tx.get(Organisation, id=organisation)
    tx.get(Administrator, organisation=organisation, id=administrator)
    token = secrets.token_urlsafe(SECRET_BYTES)
    kept = SignInLink(
        hash=hash_of(token), organisation=organisation, administrator=administrator, created_at=tx.now,
        expires_at=tx.now + LINK_LASTS,
    )  # fmt: skip
    told = _event(tx, organisation, "sign_in_link.created", f"administrator:{administrator}")
    tx.write([(New(thing=kept), told)])
    return f"{public_url.rstrip('/')}/sign-in?token={token}"


def _event(tx: BookTransaction, organisation: str, type_: str, subject: str, **data: str) -> New:
    return New(
        thing=Event(
            organisation=organisation, type=type_, subject=subject, sequence=1, at=tx.now, by="cli", public=False,
            data=data,
        )
    )  # fmt: skip
