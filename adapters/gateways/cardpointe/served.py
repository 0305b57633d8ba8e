"""CardPointe's wire format in front of the simulator, its server's side: paths, credentials, requests."""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from adapters.gateways.cardpointe.amounts import CURRENCIES, UnreadableAmount, read_amount
from adapters.gateways.cardpointe.drawer import Drawer, Filed
from adapters.gateways.cardpointe.served_answers import Speech
from adapters.gateways.served_call import Call, Said
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Reply, Request
from adapters.gateways.strict_json import read_object
from adapters.gateways.tokens import TOKENS, AccountSettings, Answer, Effect

ROOT = "/cardconnect/rest"
PASSWORD = "simulator"  # noqa: S105 - of every user: the user's name is the organisation in the journal
SETTINGS = AccountSettings(refund_before_settlement=False, partial_echeck_refund=False)

# Test cards of CardPointe's own test system: the bank doesn't answer them, and the gateway says so after 32 s.
TIMEOUT_CARDS = ("4999006200620062", "5111006200620062", "6465006200620062")
ECHECKS = ("ECHK", "ESAV")
APPROVES, DECLINES, DEBITS = "tok_approve", "tok_do_not_honour", "echeck_settle"
# $1nnn.xx makes the bank answer nnn: those of its codes that a scripted token has too.
CODES = {"116": "tok_insufficient_funds", "101": "tok_expired_card", "208": "tok_lost_card", "791": "tok_revoked"}


class CardPointeDialect:
    """What CardPointe would answer. Each authorisation moves money anew: an order id may come twice."""

    def __init__(self, simulator: Simulator, *, timeout_s: float) -> None:
        self._simulator = simulator
        self._timeout_s = timeout_s
        self._speech = Speech()
        self._drawers: dict[tuple[str, str], Drawer] = {}

    def serve(self, call: Call) -> Said:
        user = _user(call.headers.get(b"authorization", b""))
        if user is None:
            return self._speech.unauthorised()
        path = call.path.removeprefix(ROOT).strip("/")
        endpoint, *about = path.split("/")
        about = [unquote(part) for part in about]
        if call.method == "GET":
            return self._get(user, endpoint, about, call)
        return self._put(user, endpoint, call)

    def _put(self, user: str, endpoint: str, call: Call) -> Said:
        doers: Mapping[str, Callable[[Drawer, Mapping[str, str]], Said]] = {
            "auth": self._authorise,
            "capture": self._capture,
            "void": self._void,
            "voidByOrderId": self._void_by_order,
            "refund": self._refund,
        }
        fields = read_object(call.body)
        if fields is None or not all(type(value) is str for value in fields.values()):
            return self._speech.bad_request(call.path)
        if endpoint == "":
            return self._speech.alive()
        if endpoint not in doers or call.method not in ("PUT", "POST"):
            return self._speech.no_such_path(call.path)
        if not fields.get("merchid"):
            return self._speech.refused("34", "Invalid field")
        return doers[endpoint](self._drawer(user, fields["merchid"]), fields)

    def _get(self, user: str, endpoint: str, about: list[str], call: Call) -> Said:
        match endpoint, about:
            case "inquire", [retref, merchant]:
                drawer = self._drawer(user, merchant)
                filed = drawer.by_retref(retref)
                self._journal(drawer, filed.key if filed else retref)
                return self._speech.inquiry([filed] if filed else [], retref, drawer)
            case "inquireByOrderid", [order, merchant, *_]:
                drawer = self._drawer(user, merchant)
                self._journal(drawer, order)
                return self._speech.inquiry(drawer.by_order(order), order, drawer)
            case "inquireMerchant", [merchant]:
                return self._speech.merchant(merchant)
            case "settlestat", []:
                drawer = self._drawer(user, call.query.get("merchid", ""))
                return self._speech.batches(drawer, date=call.query.get("date"), batch=call.query.get("batchid"))
            case "funding", []:
                drawer = self._drawer(user, call.query.get("merchid", ""))
                return self._speech.funding(drawer, call.query.get("date", ""))
            case _:
                return self._speech.no_such_path(call.path)

    def _authorise(self, drawer: Drawer, fields: Mapping[str, str]) -> Said:
        account = fields.get("account") or fields.get("profile", "")
        amount, currency = _amount(fields), fields.get("currency", CURRENCIES[0])
        if not account or currency not in CURRENCIES:
            return self._speech.refused("34", "Invalid field")
        if amount is None or amount <= 0:
            return self._speech.refused("43", "Invalid amount")
        if account in TIMEOUT_CARDS:
            return self._speech.timed_out(after_s=self._timeout_s)
        echeck = fields.get("accttype") in ECHECKS
        request = partial(
            Request,
            Operation.DEBIT if echeck else Operation.CHARGE,
            drawer.organisation,
            drawer.merchant,
            amount=amount,
            currency=currency,
            token=_script_token(account, amount, echeck=echeck),
            settings=SETTINGS,
        )
        order = fields.get("orderid", "")
        key = drawer.new_key(order)
        if fields.get("capture", "").upper() != "Y" and not echeck:
            return self._speech.authorised(drawer.hold(key, request(key)), amount, fields)
        reply = self._perform(request(key))
        return self._say(reply, lambda: self._speech.authorisation(drawer.file(key), fields))

    def _capture(self, drawer: Drawer, fields: Mapping[str, str]) -> Said:
        held = drawer.release(fields.get("retref", ""))
        if held is None:
            return self._speech.not_found(fields.get("retref", ""), batchid="-1", account="")
        amount = _amount(fields) if "amount" in fields else held.amount
        if amount is None or not 0 < amount <= held.amount:
            return self._speech.refused("43", "Invalid amount", retref=fields["retref"])
        reply = self._perform(held._replace(amount=amount))
        return self._say(reply, lambda: self._speech.capture(drawer.file(held.key, fields["retref"]), fields))

    def _void(self, drawer: Drawer, fields: Mapping[str, str]) -> Said:
        retref = fields.get("retref", "")
        if (held := drawer.release(retref)) is not None:
            return self._speech.voided(retref, held.currency)
        return self._void_filed(drawer, drawer.by_retref(retref), retref)

    def _void_by_order(self, drawer: Drawer, fields: Mapping[str, str]) -> Said:
        """Declined ones of that order are passed over; which of several is voided is the gateway's choice."""
        order = fields.get("orderid", "")
        filed = [one for one in drawer.by_order(order) if one.moved and not one.known.voided]
        return self._void_filed(drawer, filed[0] if filed else None, order)

    def _void_filed(self, drawer: Drawer, filed: Filed | None, asked: str) -> Said:
        if filed is None:
            return self._speech.not_found(asked)
        if not filed.moved or filed.known.voided:
            return self._speech.refused("25", "No matching auth for reversal", retref=filed.retref)
        if filed.is_batched(drawer.today()):
            return self._speech.refused("27", "Txn Batched", retref=filed.retref)
        key = drawer.new_key(f"void/{filed.key}")
        reply = self._perform(self._about(drawer, Operation.VOID, key, filed))
        return self._say(reply, lambda: self._speech.voided(filed.retref, filed.known.currency), filed)

    def _refund(self, drawer: Drawer, fields: Mapping[str, str]) -> Said:
        filed = drawer.by_retref(fields.get("retref", ""))
        if filed is None or not filed.moved:
            return self._speech.not_found(fields.get("retref", ""))
        amount = _amount(fields) if fields.get("amount") else filed.known.amount - filed.known.refunded
        if amount is None or amount <= 0:
            return self._speech.refused("43", "Invalid amount", retref=filed.retref)
        key = drawer.new_key(fields.get("orderid", ""))
        request = self._about(drawer, Operation.REFUND, key, filed)
        reply = self._perform(request._replace(amount=amount, currency=filed.known.currency))
        return self._say(reply, lambda: self._speech.refunded(drawer.file(key), fields), filed)

    def _about(self, drawer: Drawer, operation: Operation, key: str, filed: Filed) -> Request:
        return Request(operation, drawer.organisation, drawer.merchant, key, of=filed.key, settings=SETTINGS)

    def _journal(self, drawer: Drawer, key: str) -> None:
        """A look-up changes nothing, but the book tells that it was asked."""
        self._perform(Request(Operation.LOOK_UP, drawer.organisation, drawer.merchant, key))

    def _perform(self, request: Request) -> Reply:
        return self._simulator.perform([request])[0]

    def _say(self, reply: Reply, approved: Callable[[], Said], about: Filed | None = None) -> Said:
        match reply.script.answer:
            case Answer.APPROVED:
                return approved()._replace(after_s=reply.after_s)
            case Answer.DECLINED if about is None and reply.effect is Effect.NONE:
                return approved()
            case Answer.DECLINED:
                return self._speech.declined(reply, about)
            case Answer.SILENCE:
                return Said(b"", reply.after_s)
            case Answer.GARBAGE:
                return self._speech.garbage()
            case _:
                return self._speech.broken()

    def _drawer(self, user: str, merchant: str) -> Drawer:
        return self._drawers.setdefault((user, merchant), Drawer(self._simulator, user, merchant))


def _user(header: bytes) -> str | None:
    """The user's name when the credentials are good."""
    scheme, _, encoded = header.partition(b" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return user if scheme.lower() == b"basic" and user and colon and password == PASSWORD else None


def _amount(fields: Mapping[str, Any]) -> int | None:
    """Decimal, or digits alone, which are cents."""
    text = fields.get("amount", "")
    try:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 14 else read_amount(text)
    except UnreadableAmount:
        return None


def _script_token(account: str, amount: int, *, echeck: bool) -> str:
    """A scripted token as it is; any other account follows the amount, as in CardPointe's own test system."""
    if account in TOKENS:
        return account
    if not account.replace("/", "").isdigit():
        return account  # which no script knows: an invalid token
    if echeck:
        return DEBITS
    if 1_000_00 <= amount < 2_000_00:
        return CODES.get(f"{amount // 100 - 1000:03}", DECLINES)
    return APPROVES
