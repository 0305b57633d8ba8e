"""Codes: the second proof, from an app on the person's telephone (TOTP, RFC 6238), or a spare one from a drawer."""

import hashlib
import secrets
from hmac import compare_digest

import pyotp

from adapters.database.books import BookTransaction
from domain.access import Authenticator, about_authenticator
from domain.decision import Change, New, Remove
from domain.event import Event
from domain.people import Administrator

PRODUCT = "Encaisse"
STEP_S = 30
AROUND = (-1, 0, 1)  # half minutes: telephones' clocks differ, and people type slowly
SPARE = 8
SPARE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # read from paper: no i, l, o, 0, 1
SPARE_LENGTH = 10
MAX_CODE = 20


def of(tx: BookTransaction, person: Administrator) -> Authenticator | None:
    return tx.find(Authenticator, organisation=person.organisation, administrator=person.id)


def asked_of(tx: BookTransaction, person: Administrator) -> bool:
    """Whether this person proves themselves by a code too."""
    found = of(tx, person)
    return found is not None and found.confirmed_at is not None


def begin(tx: BookTransaction, person: Administrator) -> None:
    """A new secret, which counts once the person has shown that their app has it. Raises NoSealKey."""
    known = of(tx, person)
    if known is not None and known.confirmed_at is not None:
        return
    sealed = tx.seal(pyotp.random_base32(), about=_about(person))
    if known is not None:
        tx.write([(Change(thing=Authenticator, key=_key(person), put={"sealed": sealed, "created_at": tx.now}),)])
    else:
        fresh = Authenticator(
            organisation=person.organisation, administrator=person.id, sealed=sealed, created_at=tx.now
        )
        tx.write([(New(thing=fresh),)])


def shown(tx: BookTransaction, person: Administrator) -> tuple[str, str]:
    """The secret as it is typed into an app, in fours, and as a link that opens one; until it is confirmed."""
    found = of(tx, person)
    if found is None or found.confirmed_at is not None:
        return "", ""
    secret = tx.unseal(found.sealed, about=_about(person))
    address = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=PRODUCT)
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), address


def confirm(tx: BookTransaction, person: Administrator, typed: str) -> list[str] | None:
    """From now on a code is asked for; answers the spare ones, which are shown once. None: the code was wrong."""
    found = of(tx, person)
    step = _step(tx, found, person, typed) if found is not None and found.confirmed_at is None else 0
    if not step:
        return None
    spare = ["".join(secrets.choice(SPARE_LETTERS) for _ in range(SPARE_LENGTH)) for _ in range(SPARE)]
    put = {"confirmed_at": tx.now, "last_step": step, "spare": tuple(_hash(one) for one in spare)}
    tx.write([(Change(thing=Authenticator, key=_key(person), put=put), _told(tx, person, "code_added", person.id))])
    return spare


def prove(tx: BookTransaction, person: Administrator, typed: str) -> bool:
    """Whether this is the code of now, or a spare one; either is used up by it."""
    found = of(tx, person)
    if found is None or found.confirmed_at is None:
        return False
    found = tx.lock(Authenticator, **_key(person))
    if step := _step(tx, found, person, typed):
        tx.write([(Change(thing=Authenticator, key=_key(person), put={"last_step": step}),)])
        return True
    given = _hash(typed.strip().lower().replace("-", "").replace(" ", ""))
    left = tuple(one for one in found.spare if not compare_digest(one, given))
    if len(left) == len(found.spare):
        return False
    told = _told(tx, person, "spare_code_used", person.id)
    tx.write([(Change(thing=Authenticator, key=_key(person), put={"spare": left}), told)])
    return True


def forget(tx: BookTransaction, person: Administrator, *, by: str) -> None:
    """No code is asked for any more."""
    if of(tx, person) is not None:
        tx.write([(Remove(thing=Authenticator, key=_key(person)), _told(tx, person, "code_removed", by))])


def _step(tx: BookTransaction, found: Authenticator, person: Administrator, typed: str) -> int:
    """The half minute whose code this is, newer than any that was used; 0 when there is none."""
    app = pyotp.TOTP(tx.unseal(found.sealed, about=_about(person)))
    given = "".join(typed[:MAX_CODE].split())
    now = int(tx.now.timestamp()) // STEP_S
    steps = [now + around for around in AROUND]
    right = [step for step in steps if compare_digest(app.at(step * STEP_S).encode(), given.encode())]
    return next((step for step in right if step > found.last_step), 0)


def _about(person: Administrator) -> tuple[str, ...]:
    return about_authenticator(person.organisation, person.id)


def _key(person: Administrator) -> dict[str, str]:
    return {"organisation": person.organisation, "administrator": person.id}


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _told(tx: BookTransaction, person: Administrator, what: str, by: str) -> New:
    return New(
        thing=Event(
            organisation=person.organisation, type=f"administrator.{what}", subject=f"administrator:{person.id}",
            sequence=1, at=tx.now, by=by, public=False,
        )
    )  # fmt: skip
