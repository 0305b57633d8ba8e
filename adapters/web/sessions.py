"""Who is at the door: a proof becomes a session, a session becomes a person; all kept as hashes."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

from adapters.database.books import BookTransaction
from adapters.invitations import LINK_LASTS, TOKEN_BYTES, hash_of, invite
from adapters.web import codes
from domain.access import Session, SignInLink
from domain.decision import Change, New
from domain.event import Event
from domain.organisation import LANGUAGES, Organisation
from domain.people import Administrator

__all__ = ["LINK_LASTS", "hash_of", "invite"]

IDLE_LIMIT = timedelta(hours=12)  # a working day; the next morning asks for a new link
ABSOLUTE_LIMIT = timedelta(days=7)  # however busy, once a week a person shows again who they are
TOUCH_EVERY = timedelta(minutes=5)  # how exactly "last seen" is kept: a read seldom costs a write
HALF_WAY = timedelta(minutes=10)  # for whoever looks for their telephone
CODE = "code"
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
    tx.write([(Change(thing=SignInLink, key={"hash": link.hash}, put={"used_at": tx.now}),)])
    return begin(tx, person, language=language, instead_of=instead_of)


def begin(
    tx: BookTransaction, person: Administrator, *, language: str | None = None, instead_of: str = "",
    proved: bool = False,
) -> str:  # fmt: skip
    """A session with a new id for who has shown one proof; it awaits a code of whoever has an app for that, unless
    `proved`. Ends the one that the browser held until now."""
    fresh = secrets.token_urlsafe(TOKEN_BYTES)
    awaits = CODE if not proved and codes.asked_of(tx, person) else ""
    session = Session(
        hash=hash_of(fresh), organisation=person.organisation, administrator=person.id,
        csrf=secrets.token_urlsafe(TOKEN_BYTES), language=language or person.language,
        created_at=tx.now, seen_at=tx.now, expires_at=tx.now + (HALF_WAY if awaits else ABSOLUTE_LIMIT),
        awaits=awaits,
    )  # fmt: skip
    told = () if awaits else (_told(person, "administrator.signed_in", tx),)
    tx.write([(New(thing=session), *told)])
    end(tx, instead_of)
    return fresh


def awaits(tx: BookTransaction, token: str) -> bool:
    """Whether a code is still owed for this session."""
    return bool(_living(tx, token).awaits)


def half_way(tx: BookTransaction, token: str) -> Administrator:
    """Who has shown one proof and still owes a code; raises NotSignedIn."""
    session = _living(tx, token)
    if not session.awaits:
        raise NotSignedIn
    return tx.get(Administrator, organisation=session.organisation, id=session.administrator)


def enter(tx: BookTransaction, token: str) -> Person:
    """The person behind a session's token; raises NotSignedIn."""
    session = _living(tx, token)
    if session.awaits:
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
    told = () if session.awaits else (_told(person, "administrator.signed_out", tx),)
    tx.write([(ended, *told)])


def of_person(tx: BookTransaction, person: Administrator) -> list[Session]:
    """Where the person is signed in, the latest use first."""
    found = tx.all(Session, organisation=person.organisation, administrator=person.id, ended_at=None)
    living = [one for one in found if _alive(one, tx) and not one.awaits]
    return sorted(living, key=lambda one: one.seen_at, reverse=True)


def end_others(tx: BookTransaction, person: Person) -> int:
    """Every session of the person but this one, also those that are half way; answers how many."""
    own = person.administrator
    found = tx.all(Session, organisation=own.organisation, administrator=own.id, ended_at=None)
    others = [one for one in found if one.hash != person.session.hash]
    steps = [Change(thing=Session, key={"hash": one.hash}, put={"ended_at": tx.now}) for one in others]
    if steps:
        tx.write([(*steps, _told(own, "administrator.sessions_ended", tx))])
    return len(others)


def _living(tx: BookTransaction, token: str) -> Session:
    session = tx.find(Session, hash=hash_of(token)) if 0 < len(token) <= MAX_TOKEN else None
    if session is None or session.ended_at is not None or not _alive(session, tx):
        raise NotSignedIn
    return session


def _alive(session: Session, tx: BookTransaction) -> bool:
    return tx.now < session.expires_at and tx.now - session.seen_at < IDLE_LIMIT


def _told(person: Administrator, type_: str, tx: BookTransaction) -> New:
    return New(
        thing=Event(
            organisation=person.organisation, type=type_, subject=f"administrator:{person.id}", sequence=1,
            at=tx.now, by=person.id, public=False,
        )
    )  # fmt: skip
