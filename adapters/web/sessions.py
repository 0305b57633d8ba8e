"""Who is at the door: one-time links become sessions, sessions become a person, all kept as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

from adapters.database.books import BookTransaction
from domain.access import Session, SignInLink
from domain.decision import Change, New
from domain.event import Event
from domain.organisation import LANGUAGES, Organisation
from domain.people import Administrator

TOKEN_BYTES = 32
LINK_LASTS = timedelta(minutes=15)  # long enough to switch from the terminal or the mail to the browser
IDLE_LIMIT = timedelta(hours=12)  # a working day; the next morning asks for a new link
ABSOLUTE_LIMIT = timedelta(days=7)  # however busy, once a week a person shows again who they are
TOUCH_EVERY = timedelta(minutes=5)  # how exactly "last seen" is kept: a read seldom costs a write
MAX_TOKEN = 200  # characters; anything longer is not one of ours


class NotSignedIn(Exception):
    """No session, or one that has ended: the person needs a new link."""


class LinkNotValid(Exception):
    """The link is unknown, used or too old; which of them is nobody's business."""


class ForgedForm(Exception):
    """The form does not carry the session's token, or came from another site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An administrator with a live session in their organisation."""

    session: Session
    administrator: Administrator
    organisation: Organisation

    @property
    def language(self) -> str:
        return self.session.language


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def invite(tx: BookTransaction, *, organisation: str, administrator: str) -> str:
    """A new one-time link for a person; answers its token, which is kept nowhere else."""
    tx.get(Administrator, organisation=organisation, id=administrator)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = SignInLink(
        hash=hash_of(token), organisation=organisation, administrator=administrator, created_at=tx.now,
        expires_at=tx.now + LINK_LASTS,
    )  # fmt: skip
    tx.write([(New(thing=link),)])
    return token


def invited(tx: BookTransaction, token: str) -> Administrator:
    """Whose link this is, as long as it can be used; looking at it does not use it up."""
    link = tx.find(SignInLink, hash=hash_of(token)) if 0 < len(token) <= MAX_TOKEN else None
    if link is None or link.used_at is not None or link.expires_at <= tx.now:
        raise LinkNotValid
    return tx.get(Administrator, organisation=link.organisation, id=link.administrator)


def sign_in(tx: BookTransaction, token: str, *, language: str | None = None, instead_of: str = "") -> str:
    """Uses the link up and opens a session with a new id; ends the one that the browser held until now."""
    invited(tx, token)
    link = tx.lock(SignInLink, hash=hash_of(token))
    person = invited(tx, token)  # again, now that the row is ours
    fresh = secrets.token_urlsafe(TOKEN_BYTES)
    session = Session(
        hash=hash_of(fresh), organisation=person.organisation, administrator=person.id,
        csrf=secrets.token_urlsafe(TOKEN_BYTES), language=language or person.language,
        created_at=tx.now, seen_at=tx.now,
        expires_at=tx.now + ABSOLUTE_LIMIT,
    )  # fmt: skip
    used = Change(thing=SignInLink, key={"hash": link.hash}, put={"used_at": tx.now})
    tx.write([(used, New(thing=session), _told(person, "administrator.signed_in", tx))])
    end(tx, instead_of)
    return fresh


def enter(tx: BookTransaction, token: str) -> Person:
    """The person behind a session's token; raises NotSignedIn."""
    session = tx.find(Session, hash=hash_of(token)) if 0 < len(token) <= MAX_TOKEN else None
    if session is None or session.ended_at is not None or not _alive(session, tx):
        raise NotSignedIn
    return Person(
        session=session,
        administrator=tx.get(Administrator, organisation=session.organisation, id=session.administrator),
        organisation=tx.get(Organisation, id=session.organisation),
    )


def prove(person: Person, form_token: str) -> None:
    """The second lock of every form, behind the check of its origin."""
    if not compare_digest(person.session.csrf.encode(), form_token.encode()):
        raise ForgedForm


def touch(tx: BookTransaction, session: Session) -> None:
    """The session was used just now."""
    tx.write([(Change(thing=Session, key={"hash": session.hash}, put={"seen_at": tx.now}),)])


def needs_touch(tx: BookTransaction, session: Session) -> bool:
    return tx.now - session.seen_at > TOUCH_EVERY


def speak(tx: BookTransaction, session: Session, language: str) -> None:
    """Remembers the language that the person chose."""
    if language in LANGUAGES:
        tx.write([(Change(thing=Session, key={"hash": session.hash}, put={"language": language}),)])


def end(tx: BookTransaction, token: str) -> None:
    """Ends a session for good, on this side of the wire; harmless when there is none."""
    if not token or len(token) > MAX_TOKEN:
        return
    session = tx.find(Session, hash=hash_of(token))
    if session is None or session.ended_at is not None:
        return
    person = tx.get(Administrator, organisation=session.organisation, id=session.administrator)
    ended = Change(thing=Session, key={"hash": session.hash}, put={"ended_at": tx.now})
    tx.write([(ended, _told(person, "administrator.signed_out", tx))])


def _alive(session: Session, tx: BookTransaction) -> bool:
    return tx.now < session.expires_at and tx.now - session.seen_at < IDLE_LIMIT


def _told(person: Administrator, type_: str, tx: BookTransaction) -> New:
    return New(
        thing=Event(
            organisation=person.organisation, type=type_, subject=f"administrator:{person.id}", sequence=1,
            at=tx.now, by=person.id, public=False,
        )
    )  # fmt: skip
