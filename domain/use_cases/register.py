"""Registers organisations, people and payment methods; a known id changes the fields that are given."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.bank_account import BankAccount, must_fit
from domain.capabilities import capability_for
from domain.decision import Change, New
from domain.event import Event
from domain.expiring import close
from domain.money import MINOR_DIGITS
from domain.organisation import MerchantAccount, Organisation
from domain.payment_method import MethodState, PaymentMethod, about_bank
from domain.people import Administrator, Client
from domain.ports import SealBroken, Transaction
from domain.refusal import OutOfRange, Refusal

T = TypeVar("T")
SECRET = ("token", "bank", "mandate")


class FieldNeeded(Refusal):
    """A new thing needs this field; only a known one may leave it out."""

    code = "field_needed"


class CurrencyFixed(Refusal):
    """An organisation keeps the currency of its books."""

    code = "currency_fixed"


class MethodKindFixed(Refusal):
    """A payment method keeps its client and its kind."""

    code = "method_fixed"


def register_organisation(
    tx: Transaction,
    *,
    organisation: str,
    given: Mapping[str, Any],
    accounts: Sequence[Mapping[str, Any]],
    by: str,
) -> dict[str, Any]:
    """`given`: name, timezone, currency, language, settings, as far as sent; `accounts`: id, processor,
    kinds, settings of each merchant account to add or change."""
    known = tx.find(Organisation, id=organisation)
    if "timezone" in given:
        _must_be_zone(given["timezone"])
    if given.get("currency", "CAD") not in MINOR_DIGITS:
        raise OutOfRange("currency", value=given["currency"])
    if known is not None and given.get("currency", known.currency) != known.currency:
        raise CurrencyFixed("currency", currency=known.currency)
    if known is not None and "settings" in given:
        given = {**given, "settings": {**known.settings, **given["settings"]}}
    needed = ("name", "timezone", "currency", "language")
    _keep(tx, Organisation, {"id": organisation}, known, given, needed=needed, by=by, organisation=organisation)
    for position, account in enumerate(accounts):
        _must_make_sense(f"merchant_accounts.{position}", account)
        key = {"organisation": organisation, "id": account["id"]}
        values = {name: account[name] for name in ("processor", "kinds", "settings") if name in account}
        registered = tx.find(MerchantAccount, **key)
        if registered is not None and registered.processor != account["processor"]:
            raise OutOfRange(f"merchant_accounts.{position}.processor", value=account["processor"])
        _keep(
            tx, MerchantAccount, key, registered, values, needed=("processor", "kinds"), by=by,
            organisation=organisation, timed=False,
        )  # fmt: skip
    return {"organisation": organisation}


def _must_make_sense(field: str, account: Mapping[str, Any]) -> None:
    """Its processor is known, does what the account is for, and can be set as it is."""
    asked = MerchantAccount(
        organisation="", id=account["id"], processor=account["processor"], kinds=tuple(account.get("kinds", ())),
        settings=account.get("settings", {}),
    )  # fmt: skip
    try:
        row = capability_for(asked)
    except (ValueError, TypeError):
        raise OutOfRange(f"{field}.settings", value=dict(asked.settings)) from None
    if any(not row.takes(kind) for kind in asked.kinds):
        raise OutOfRange(f"{field}.kinds", value=list(asked.kinds))


def register_administrator(
    tx: Transaction, *, organisation: str, administrator: str, given: Mapping[str, Any], by: str
) -> dict[str, Any]:
    tx.get(Organisation, id=organisation)
    key = {"organisation": organisation, "id": administrator}
    needed = ("name", "email", "language")
    known = tx.find(Administrator, **key)
    _keep(tx, Administrator, key, known, given, needed=needed, by=by, organisation=organisation)
    return {"administrator": administrator}


def register_client(
    tx: Transaction, *, organisation: str, client: str, given: Mapping[str, Any], by: str
) -> dict[str, Any]:
    tx.get(Organisation, id=organisation)
    key = {"organisation": organisation, "id": client}
    needed = ("name", "email", "language")
    _keep(tx, Client, key, tx.find(Client, **key), given, needed=needed, by=by, organisation=organisation)
    return {"client": client}


def register_payment_method(
    tx: Transaction, *, organisation: str, payment_method: str, given: Mapping[str, Any], by: str,
    bank: BankAccount | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A token on file, or a bank account. A known id with a new one is a replaced card: alive again (I5)."""
    tx.get(Organisation, id=organisation)
    key = {"organisation": organisation, "id": payment_method}
    known = tx.find(PaymentMethod, **key)
    if known is None or "client" in given:
        tx.get(Client, organisation=organisation, id=given.get("client", ""))
    if "merchant_account" in given:
        account = tx.get(MerchantAccount, organisation=organisation, id=given["merchant_account"])
        if given.get("kind", known.kind if known else "card") not in account.kinds:
            raise OutOfRange("kind", value=given.get("kind"))
    given = {**given, **_account_or_token(tx, key, known, given, bank)}
    if known is not None:
        if given.get("client", known.client) != known.client or given.get("kind", known.kind) != known.kind:
            raise MethodKindFixed("payment_method")
        if any(given.get(name, getattr(known, name)) != getattr(known, name) for name in ("token", "bank", "expiry")):
            given = {**given, "state": MethodState.ACTIVE, "dead_reason": ""}
    needed = ("client", "kind", "merchant_account", "token")
    _keep(tx, PaymentMethod, key, known, given, needed=needed, by=by, organisation=organisation)
    if known is not None and "state" in given:
        _close_expiring(tx, organisation, payment_method, by=by)
    return {"payment_method": payment_method}


def _close_expiring(tx: Transaction, organisation: str, payment_method: str, *, by: str) -> None:
    """A card that was replaced ends soon no longer; should the new one, the next night says so."""
    items = tx.lock_all(
        ActionItem, order_by="id", organisation=organisation, kind=ItemKind.EXPIRING_CARD, state=ItemState.OPEN,
        payment_method=payment_method,
    )  # fmt: skip
    tx.write([close(item, by=by, now=tx.now) for item in items])


def _account_or_token(
    tx: Transaction, key: Mapping[str, Any], known: PaymentMethod | None, given: Mapping[str, Any],
    bank: BankAccount | None,
) -> dict[str, Any]:  # fmt: skip
    """What else changes: a bank account takes the place of a token, sealed, and the other way round; it is for
    e-checks, and for bank files of its country."""
    if "token" in given:
        return {"bank": ""}
    kept = _kept_bank(tx, known)
    held = bank or kept
    if held is None:
        return {}
    kind, account = ((given.get(name) or getattr(known, name, "")) for name in ("kind", "merchant_account"))
    if not account:
        raise FieldNeeded("merchant_account")
    if kind != "echeck":
        raise OutOfRange("kind", value=kind)
    must_fit(tx.get(MerchantAccount, organisation=key["organisation"], id=account).processor, held)
    if bank is None or bank == kept:
        return {}
    return {"bank": tx.seal(bank.written(), about=about_bank(**key)), "token": "", "last4": bank.last4}


def _kept_bank(tx: Transaction, known: PaymentMethod | None) -> BankAccount | None:
    """The account on file; none where its key is gone, so that it can be given anew."""
    if known is None or not known.bank:
        return None
    with suppress(SealBroken):
        return BankAccount.read(tx.unseal(known.bank, about=known.about))
    return None


def _keep(
    tx: Transaction,
    thing: type[T],
    key: Mapping[str, Any],
    known: T | None,
    given: Mapping[str, Any],
    *,
    needed: Sequence[str],
    by: str,
    organisation: str,
    timed: bool = True,
) -> None:
    """A new thing, or a change of the fields that differ; audited either way (P3)."""
    name = _noun(thing)
    if known is None:
        for field in needed:
            if field not in given:
                raise FieldNeeded(field)
        created = {"created_at": tx.now} if timed else {}
        steps: list[New | Change] = [New(thing=thing(**key, **given, **created))]
        before: dict[str, Any] = {}
        after = dict(given)
    else:
        after = {field: value for field, value in given.items() if getattr(known, field) != value}
        if not after:
            return
        before = {field: getattr(known, field) for field in after}
        steps = [Change(thing=thing, key=key, put=after)]
    told = Event(
        organisation=organisation, type=f"{name}.registered", subject=f"{name}:{key['id']}",
        sequence=1, at=tx.now, by=by, public=False, data=_shown(after), before=_shown(before),
    )  # fmt: skip
    tx.write([(*steps, New(thing=told))])


def _noun(thing: type) -> str:
    letters = [f"_{letter.lower()}" if letter.isupper() else letter for letter in thing.__name__]
    return "".join(letters).lstrip("_")


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: "***" if field in SECRET else value for field, value in values.items()}


def _must_be_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OutOfRange("timezone", value=name) from None
