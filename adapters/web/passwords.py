"""Passwords: Argon2id, long rather than odd, and the same time for an address that nobody has."""

from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.tables import administrators
from domain.access import Password
from domain.decision import Change, New
from domain.event import Event
from domain.people import Administrator
from domain.refusal import Refusal

SHORTEST, LONGEST = 12, 200  # letters; longer than any sentence, shorter than what keeps a processor busy
MAX_PEOPLE = 20  # of one address, in as many organisations
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1  # OWASP's least for Argon2id: 20 to 40 ms


class PasswordNotGood(Refusal):
    """Too short, too long, or what everybody would try first."""

    code = "password_not_good"


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(memory_cost=MEMORY_KIB, time_cost=PASSES, parallelism=LANES),))


@cache
def _nobodys() -> str:
    """What a password is held against where there is none: it takes as long."""
    return _hasher().hash("nobody has this password")


def people_at(tx: BookTransaction, email: str) -> list[tuple[Administrator, Password | None]]:
    """Everybody with this address, with their password if they have one."""
    wanted = select(*loader.columns(Administrator)).where(func.lower(administrators.c.email) == email.strip().lower())
    found = [loader.build(Administrator, row) for row in tx.connection.execute(wanted.limit(MAX_PEOPLE)).all()]
    return [(one, tx.find(Password, organisation=one.organisation, administrator=one.id)) for one in found]


def matches(kept: Password | None, typed: str) -> bool:
    """Takes its time, with no transaction open."""
    try:
        right = _hasher().verify(typed[:LONGEST], kept.hash if kept is not None else _nobodys())
    except UnknownHashError:
        return False
    return right and kept is not None


def checked(person: Administrator, typed: str) -> str:
    """Raises PasswordNotGood."""
    low = typed.lower()
    obvious = [person.id, person.email.partition("@")[0], *person.name.split(), "password", "motdepasse", "encaisse"]
    rest = low
    for word in sorted((one.lower() for one in obvious if len(one) > 2), key=len, reverse=True):
        rest = rest.replace(word, "")
    letters = len(set(rest))
    if not SHORTEST <= len(typed) <= LONGEST or len(rest) < SHORTEST // 2 or letters < 4:
        raise PasswordNotGood("password", shortest=SHORTEST)
    return typed


def hashed(typed: str) -> str:
    return _hasher().hash(typed)


def keep(tx: BookTransaction, person: Administrator, hash: str) -> None:
    """The new password, and that it was changed; ending the other sessions is the caller's."""
    key = {"organisation": person.organisation, "administrator": person.id}
    known = tx.find(Password, **key)
    step = (
        New(thing=Password(**key, hash=hash, changed_at=tx.now))
        if known is None
        else Change(thing=Password, key=key, put={"hash": hash, "changed_at": tx.now})
    )
    told = Event(
        organisation=person.organisation, type="administrator.password_changed", subject=f"administrator:{person.id}",
        sequence=1, at=tx.now, by=person.id, public=False,
    )  # fmt: skip
    tx.write([(step, New(thing=told))])
