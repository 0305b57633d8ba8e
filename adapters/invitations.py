"""Invitations: a one-time way in for a person, whose token is kept as a hash."""

import hashlib
import secrets
from datetime import timedelta

from adapters.database.books import BookTransaction
from domain.access import SignInLink
from domain.decision import New
from domain.people import Administrator

TOKEN_BYTES = 32
LINK_LASTS = timedelta(minutes=15)  # long enough to switch from the terminal or the mail to the browser


def hash_of(token: str) -> str:
    """What is kept of a secret of 256 random bits: it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(tx: BookTransaction, *, organisation: str, administrator: str) -> str:
    """A new one-time link for a person; answers its token, which is kept nowhere else. Raises NotKnown."""
    tx.get(Administrator, organisation=organisation, id=administrator)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = SignInLink(
        hash=hash_of(token), organisation=organisation, administrator=administrator, created_at=tx.now,
        expires_at=tx.now + LINK_LASTS,
    )  # fmt: skip
    tx.write([(New(thing=link),)])
    return token


def address_of(token: str, public_url: str) -> str:
    return f"{public_url.rstrip('/')}/sign-in?token={token}"
