"""Stripe's wire format in front of the simulator, as far as we use it: PaymentIntents, refunds, disputes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qsl

from adapters.gateways.filing import AGAIN, Filed, Filing
from adapters.gateways.served_call import Call, Said
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Remembered, Reply
from adapters.gateways.stripe.served_answers import Speech, disputed
from adapters.gateways.stripe.shapes import KEY
from adapters.gateways.tokens import AccountSettings, Answer

SECRET = "sk_test_"  # and the organisation in the journal  # noqa: S105
BOOK = "stripe"
SETTINGS = AccountSettings(refund_before_settlement=True, partial_echeck_refund=True)
BANKS = ("us_bank_account", "acss_debit")
PAGE_LIMIT = 100
REMEMBERED = timedelta(hours=24)


class StripeDialect:
    """What Stripe would answer. A key is replayed for a day, and then forgotten: whoever sends it again pays again."""

    def __init__(self, simulator: Simulator, *, timeout_s: float) -> None:
        self._simulator = simulator
        self._speech = Speech()
        self._filings: dict[str, Filing] = {}

    def serve(self, call: Call) -> Said:
        scheme, _, secret = call.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not secret.startswith(SECRET) or len(secret) == len(SECRET):
            return self._speech.error(401, "invalid_request_error", "", "Invalid API Key provided")
        user = secret.removeprefix(SECRET)
        filing = self._filings.setdefault(user, Filing(self._simulator, user, BOOK, name))
        rest = call.path.removeprefix("/v1/").split("/")
        if call.method == "GET":
            return self._get(filing, rest, call.query)
        fields = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        key = call.headers.get(b"idempotency-key", b"").decode("latin-1")
        if not key or fields.get(f"metadata[{KEY}]", key) != key:
            return self._speech.error(400, "invalid_request_error", "parameter_missing", "an Idempotency-Key is needed")
        match call.method, rest:
            case "POST", ["payment_intents"]:
                return self._pay(filing, key, fields)
            case "POST", ["refunds"]:
                return self._refund(filing, key, fields)
            case _:
                return self._speech.error(404, "invalid_request_error", "", "Unrecognized request URL")

    def _pay(self, filing: Filing, key: str, fields: Mapping[str, str]) -> Said:
        amount, type_ = fields.get("amount", ""), fields.get("payment_method_types[0]", "card")
        if not amount.isdigit() or fields.get("confirm") != "true" or fields.get("off_session") != "true":
            return self._speech.error(400, "invalid_request_error", "parameter_invalid_integer", "Invalid payment")
        return self._do(
            filing, key, Operation.DEBIT if type_ in BANKS else Operation.CHARGE, amount=int(amount),
            currency=fields.get("currency", "").upper(), token=fields.get("payment_method", ""),
        )  # fmt: skip

    def _refund(self, filing: Filing, key: str, fields: Mapping[str, str]) -> Said:
        of = filing.by_id(fields.get("payment_intent", ""))
        if of is None:
            return self._speech.error(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        left = of.known.amount - of.known.refunded
        amount = fields.get("amount", str(left))
        if not of.moved or (of.is_echeck and of.stands(filing.today()).answer is not Answer.SETTLED):
            code = "payment_intent_unexpected_state"
            return self._speech.error(400, "invalid_request_error", code, "It does not have a successful charge")
        if not amount.isdigit() or int(amount) == 0:
            return self._speech.error(400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer")
        if left == 0 and filing.by_key(key) is None:
            return self._speech.error(400, "invalid_request_error", "charge_already_refunded", "Already refunded")
        return self._do(filing, key, Operation.REFUND, of=of.key, amount=int(amount), currency=of.known.currency)

    def _get(self, filing: Filing, rest: list[str], query: Mapping[str, str]) -> Said:
        today = filing.today()
        match rest:
            case ["payment_intents" | "refunds" as things, id_]:
                found = filing.by_id(id_)
                if found is None or (found.known.operation == Operation.REFUND) != (things == "refunds"):
                    return self._speech.error(404, "invalid_request_error", "resource_missing", f"No such {things}")
                filing.perform(Operation.STATUS, found.key)
                return self._speech.one(found, self._of(filing, found), today)
            case ["disputes"]:
                found = filing.by_id(query.get("payment_intent", ""))
                return self._speech.disputes([found] if found and disputed(found, today) else [], today)
            case ["payment_intents" | "refunds" as things]:
                filing.perform(Operation.LIST, str(today))
                return self._list(filing, things, query)
            case _:
                return self._speech.error(404, "invalid_request_error", "", "Unrecognized request URL")

    def _list(self, filing: Filing, things: str, query: Mapping[str, str]) -> Said:
        """The newest first. The simulator knows no clients: whoever asks for one's has all to look through."""
        kinds = (Operation.REFUND,) if things == "refunds" else (Operation.CHARGE, Operation.DEBIT)
        found = [one for one in filing.all() if one.known.operation in kinds and _in_window(one, query)]
        if "payment_intent" in query:
            of = filing.by_id(query["payment_intent"])
            found = [one for one in found if of is not None and one.known.of == of.key]
        found.reverse()
        after = query.get("starting_after")
        start = next((number + 1 for number, one in enumerate(found) if one.id == after), 0)
        page = found[start : start + min(int(query.get("limit", "10")), PAGE_LIMIT)]
        more = start + len(page) < len(found)
        return self._speech.some(things, [(one, self._of(filing, one)) for one in page], filing.today(), more=more)

    def _of(self, filing: Filing, filed: Filed) -> Filed | None:
        return filing.by_key(filed.known.of) if filed.known.of else None

    def _do(self, filing: Filing, key: str, operation: Operation, **fields: object) -> Said:
        key = self._as_filed(filing, key)
        replayed = filing.by_key(key) is not None
        reply = filing.perform(operation, key, settings=SETTINGS, **fields)
        filed = filing.by_key(key)

        def said() -> Said:
            if filed is None:
                return self._speech.broken()
            return self._speech.taken(filed, self._of(filing, filed), filing.today(), replayed=replayed)

        return self._say(reply, said)

    def _as_filed(self, filing: Filing, key: str) -> str:
        """The key in the simulator's book: with a number after it once Stripe has forgotten what it did under it."""
        chosen, number = key, 1
        while (known := filing.by_key(chosen)) is not None and self._simulator.now() - _at(known) >= REMEMBERED:
            number += 1
            chosen = f"{key}{AGAIN}{number}"
        return chosen

    def _say(self, reply: Reply, said: Callable[[], Said]) -> Said:
        match reply.script.answer:
            case Answer.APPROVED | Answer.DECLINED:
                return said()._replace(after_s=reply.after_s)
            case Answer.CONFLICT:
                return self._speech.error(400, "idempotency_error", "idempotency_key_in_use", "Other parameters")
            case Answer.SILENCE:
                return Said(b"", reply.after_s)
            case Answer.GARBAGE:
                return self._speech.garbage()
            case _:
                return self._speech.broken()


def name(key: str, known: Remembered) -> str:
    digest = blake2b(f"{known.reference}\0{key}".encode(), digest_size=12).hexdigest()
    return f"{'re_' if known.operation == Operation.REFUND else 'pi_'}{digest}"


def _at(filed: Filed) -> datetime:
    return datetime.fromisoformat(filed.known.at)


def _in_window(filed: Filed, query: Mapping[str, str]) -> bool:
    from_, until = query.get("created[gte]", "0"), query.get("created[lt]", str(10**11))
    return int(from_) <= filed.at_s < int(until)
