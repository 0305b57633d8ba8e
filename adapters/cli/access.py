"""Ways in: a key for a service, a one-time link for a person; both are shown once and kept as hashes."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from adapters.cli.options import name_of
from adapters.database.books import BookTransaction
from adapters.invitations import address_of, hash_of, invite
from domain.access import Authenticator, ServiceKey
from domain.decision import Change, New, Remove
from domain.event import Event
from domain.organisation import Organisation
from domain.people import Administrator
from domain.refusal import NotKnown, Refusal

KEY_PREFIX = "enc_"
SECRET_BYTES = 32
MAX_KEYS = 10_000


class KeyNotUnique(Refusal):
    """Several living keys have this name: say which by its id."""

    code = "key_not_unique"


def create_key(tx: BookTransaction, name: str, organisations: Sequence[str]) -> str:
    """A key for these organisations; raises NotKnown."""
    for organisation in organisations:
        tx.get(Organisation, id=organisation)
    key = KEY_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    kept = ServiceKey(hash=hash_of(key), name=name, organisations=tuple(organisations), created_at=tx.now)
    told = [_event(tx, one, "service_key.created", f"service_key:{name}", name=name) for one in organisations]
    tx.write([(New(thing=kept), *told)])
    return key


def list_keys(tx: BookTransaction) -> list[ServiceKey]:
    """Every key that was ever made, the oldest first."""
    return tx.all(ServiceKey, order_by="created_at hash", limit=MAX_KEYS)


def revoke_key(tx: BookTransaction, key: str) -> ServiceKey:
    """The key of this id or name lets nobody in from now on; raises NotKnown, KeyNotUnique. A revoked one stays
    revoked, with its first date."""
    named = [one for one in list_keys(tx) if key in (key_id(one), one.name)]
    found = [one for one in named if one.revoked_at is None] or named
    if not found:
        raise NotKnown("key", id=key)
    if len(found) > 1 and found[0].revoked_at is None:
        raise KeyNotUnique("key", name=key, ids=", ".join(key_id(one) for one in found))
    one = found[-1]
    if one.revoked_at is not None:
        return one
    told = [
        _event(tx, organisation, "service_key.revoked", f"service_key:{one.name}", key=key_id(one), name=one.name)
        for organisation in one.organisations
    ]
    tx.write([(Change(thing=ServiceKey, key={"hash": one.hash}, put={"revoked_at": tx.now}), *told)])
    return replace(one, revoked_at=tx.now)


def key_id(key: ServiceKey) -> str:
    """What a key is called once it is made: nothing that lets anybody in."""
    return f"key_{key.hash[:12]}"


def create_sign_in_link(
    tx: BookTransaction, organisation: str, administrator: str, *, public_url: str, forget_code: bool = False
) -> str:
    """An address that lets this person in, once, within LINK_LASTS; raises NotKnown. `forget_code` takes the app
    away that they have lost."""
    tx.get(Organisation, id=organisation)
    tx.get(Administrator, organisation=organisation, id=administrator)
    subject, key = f"administrator:{administrator}", {"organisation": organisation, "administrator": administrator}
    if forget_code and tx.find(Authenticator, **key) is not None:
        tx.write(
            [(Remove(thing=Authenticator, key=key), _event(tx, organisation, "administrator.code_removed", subject))]
        )
    token = invite(tx, organisation=organisation, administrator=administrator)
    tx.write([(_event(tx, organisation, "sign_in_link.created", subject),)])
    return address_of(token, public_url)


def _event(tx: BookTransaction, organisation: str, type_: str, subject: str, **data: str) -> New:
    return New(
        thing=Event(
            organisation=organisation, type=type_, subject=subject, sequence=1, at=tx.now,
            by=name_of(None), public=False, data=data,
        )
    )  # fmt: skip
