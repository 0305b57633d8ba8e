"""Paysafe's wire formats in front of the simulator, its server's side: three APIs that differ in their paths."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from adapters.gateways.filing import Filed, Filing
from adapters.gateways.paysafe.served_answers import Speech
from adapters.gateways.served_call import Call, Said
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Remembered, Reply
from adapters.gateways.strict_json import read_object
from adapters.gateways.tokens import AccountSettings, Answer

PASSWORD = "simulator"  # noqa: S105 - of every user: the user's name is the organisation in the journal
BOOK = "paysafe"  # all accounts of a user are one in the journal: a refund may name what another API charged
SETTINGS = AccountSettings(refund_before_settlement=False, partial_echeck_refund=True)
ROOTS = re.compile(r"/(cardpayments/v1/accounts/[^/]+|directdebit/v1/accounts/[^/]+|paymenthub/v1)/(.+)")
CURRENCIES = {"ach": "USD", "eft": "CAD"}
CARDS, DEBITS, HUB = "cardpayments", "directdebit", "paymenthub"
CHARGES = {CARDS: "auths", DEBITS: "purchases", HUB: "payments"}
BANK = (Operation.DEBIT, Operation.CREDIT)
THINGS = {
    "auths": (Operation.CHARGE,),
    "purchases": (Operation.DEBIT,),
    "payments": (Operation.CHARGE, Operation.DEBIT),
    "settlements": (Operation.CHARGE, Operation.DEBIT),
    "refunds": (Operation.REFUND,),
    "standalonecredits": (Operation.CREDIT,),
}
PAGE_LIMIT = 50
LOOKED_BACK = timedelta(days=30)  # where no startDate is given


class PaysafeDialect:
    """What Paysafe would answer. `merchantRefNum` is taken once: again it is 409/5031, or on the Payments API the
    first answer again (what it really does is not known, so both are here)."""

    def __init__(self, simulator: Simulator, *, timeout_s: float) -> None:
        self._simulator = simulator
        self._speech = Speech()
        self._filings: dict[str, Filing] = {}

    def serve(self, call: Call) -> Said:
        user = _user(call.headers.get(b"authorization", b""))
        if call.path.endswith("/monitor"):
            return self._speech.ready()
        if user is None:
            return self._speech.error(401, "5279", "Invalid credentials")
        where = ROOTS.fullmatch(call.path)
        if where is None:
            return self._speech.error(404, "5273", "No such path")
        api, rest = where[1].split("/")[0], where[2].split("/")
        filing = self._filings.setdefault(user, Filing(self._simulator, user, BOOK, name))
        if call.method == "GET":
            return self._get(filing, api, rest, call.query)
        fields = read_object(call.body)
        if fields is None:
            return self._speech.error(400, "5023", "Request not parseable")
        match call.method, rest:
            case "POST", [things] if things == CHARGES[api]:
                return self._charge(filing, api, fields)
            case "POST", ["settlements", id_, "refunds"] if api != DEBITS:
                return self._refund(filing, id_, fields)
            case "POST", ["standalonecredits"] if api == DEBITS:
                return self._credit(filing, fields)
            case "PUT", [("settlements" | "purchases") as things, id_] if (things == "purchases") == (api == DEBITS):
                return self._cancel(filing, api, id_, fields)
            case _:
                return self._speech.error(404, "5273", "No such path")

    def _charge(self, filing: Filing, api: str, fields: Mapping[str, Any]) -> Said:
        bank = next((fields[scheme] for scheme in CURRENCIES if type(fields.get(scheme)) is dict), None)
        currency = next((CURRENCIES[scheme] for scheme in CURRENCIES if scheme in fields), "USD")
        card = fields.get("card")
        token = fields.get("paymentHandleToken") if api == HUB else (bank or card or {}).get("paymentToken")
        key, amount = fields.get("merchantRefNum"), fields.get("amount")
        if not _usable(key, amount) or type(token) is not str or (api == DEBITS) != (bank is not None):
            return self._speech.invalid("merchantRefNum, amount or token")
        if api != DEBITS and fields.get("settleWithAuth") is not True:
            return self._speech.invalid("settleWithAuth")  # holding without capturing is nothing that we ask for
        echeck = api == DEBITS or (api == HUB and token.startswith("echeck_"))
        return self._do(
            filing, api, str(key), Operation.DEBIT if echeck else Operation.CHARGE, amount=amount,
            currency=str(fields.get("currencyCode", currency)), token=token,
        )  # fmt: skip

    def _refund(self, filing: Filing, id_: str, fields: Mapping[str, Any]) -> Said:
        of = filing.by_id(id_)
        if of is None or not of.moved:
            return self._speech.error(404, "3407", "The settlement was not found")
        left = of.known.amount - of.known.refunded
        key, amount = fields.get("merchantRefNum"), fields.get("amount", left)
        if not _usable(key, amount):
            return self._speech.invalid("merchantRefNum or amount")
        if of.known.voided:
            return self._speech.error(402, "3419", "The settlement cannot be refunded")
        if left == 0:
            return self._speech.error(402, "3404", "The settlement has already been fully refunded")
        return self._do(filing, CARDS, str(key), Operation.REFUND, of=of.key, amount=amount, currency=of.known.currency)

    def _credit(self, filing: Filing, fields: Mapping[str, Any]) -> Said:
        scheme = next((scheme for scheme in CURRENCIES if type(fields.get(scheme)) is dict), "")
        key, amount = fields.get("merchantRefNum"), fields.get("amount")
        if not scheme or not _usable(key, amount):
            return self._speech.invalid("merchantRefNum, amount or bank account")
        token = str(fields[scheme].get("paymentToken", ""))
        return self._do(
            filing, DEBITS, str(key), Operation.CREDIT, amount=amount, currency=CURRENCIES[scheme], token=token
        )

    def _cancel(self, filing: Filing, api: str, id_: str, fields: Mapping[str, Any]) -> Said:
        filed = filing.by_id(id_)
        if fields.get("status") != "CANCELLED":
            return self._speech.invalid("status")
        if filed is None or not filed.moved or (filed.is_echeck != (api == DEBITS) and api != HUB):
            return self._speech.error(404, "5269", "Entity not found")
        if filed.known.voided or filed.on < filing.today():
            return self._speech.error(402, "3415", "It is no longer pending")
        reply = filing.perform(Operation.VOID, f"cancel/{filed.key}", of=filed.key, settings=SETTINGS)
        return self._say(reply, lambda: self._speech.cancelled(filed, filing.today()))

    def _get(self, filing: Filing, api: str, rest: list[str], query: Mapping[str, str]) -> Said:
        match rest:
            case [things] if "merchantRefNum" in query:
                key = query["merchantRefNum"]
                filing.perform(Operation.LOOK_UP, key)  # changes nothing, but the book tells that it was asked
                found = filing.by_key(key)
                since = query.get("startDate") or (filing.today() - LOOKED_BACK).isoformat()
                seen = found is not None and found.on >= date.fromisoformat(since[:10])
                some = [found] if found is not None and seen and self._is(things, api, found) else []
                return self._speech.some(things, some, filing.today(), settlement=things == "settlements")
            case [things] if "startDate" in query:
                on, offset = query["startDate"][:10], int(query.get("offset", "0"))
                some = [one for one in filing.all() if one.known.at.startswith(on) and self._is(things, api, one)]
                some = some[offset : offset + min(int(query.get("limit", "10")), PAGE_LIMIT)]
                return self._speech.some(things, some, filing.today())
            case [things, id_]:
                found = filing.by_id(id_)
                if found is None or not self._is(things, api, found):
                    return self._speech.error(404, "5269", "Entity not found")
                filing.perform(Operation.STATUS, found.key)
                return self._speech.one(found, filing.today(), settlement=things == "settlements")
            case _:
                return self._speech.error(404, "5273", "No such path")

    def _is(self, things: str, api: str, filed: Filed) -> bool:
        """Whether an API has this under that name."""
        operations = THINGS.get(things, ())
        if things == "settlements" and not filed.moved:
            return False
        return filed.known.operation in operations and (
            api == HUB or things == "refunds" or (filed.known.operation in BANK) == (api == DEBITS)
        )

    def _do(self, filing: Filing, api: str, key: str, operation: Operation, **fields: Any) -> Said:
        before = filing.by_key(key)
        reply = filing.perform(operation, key, settings=SETTINGS, **fields)
        if before is not None and (api != HUB or reply.script.answer is Answer.CONFLICT):
            return self._speech.duplicate()
        filed = filing.by_key(key)
        return self._say(reply, lambda: self._speech.taken(filed, filing.today()) if filed else self._speech.broken())

    def _say(self, reply: Reply, approved: Callable[[], Said]) -> Said:
        match reply.script.answer:
            case Answer.APPROVED:
                return approved()._replace(after_s=reply.after_s)
            case Answer.DECLINED:
                return approved() if reply.script.network_code else self._speech.refused(reply)
            case Answer.SILENCE:
                return Said(b"", reply.after_s)
            case Answer.GARBAGE:
                return self._speech.garbage()
            case _:
                return self._speech.broken()


def name(key: str, known: Remembered) -> str:
    return str(uuid.UUID(bytes=blake2b(f"{known.reference}\0{key}".encode(), digest_size=16).digest()))


def _usable(key: Any, amount: Any) -> bool:
    return type(key) is str and 0 < len(key) <= 255 and type(amount) is int and amount > 0


def _user(header: bytes) -> str | None:
    """The user's name when the credentials are good."""
    scheme, _, encoded = header.partition(b" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return user if scheme.lower() == b"basic" and user and colon and password == PASSWORD else None
