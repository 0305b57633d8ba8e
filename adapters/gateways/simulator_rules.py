"""The simulator's rules: what a request does given what is remembered, and what is to be answered."""

from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from adapters.gateways.standing import Line, lines_of, stand
from adapters.gateways.tokens import (
    ALREADY_REFUNDED,
    ALREADY_VOIDED,
    APPROVE,
    CONFLICT,
    CURRENCY_DIFFERS,
    DEFAULTS,
    EXCEEDS_REFUNDABLE,
    IN_FULL_ONLY,
    INVALID_TOKEN,
    LISTED,
    NOT_FOUND,
    REFUNDED,
    REFUNDS,
    TOKENS,
    TOO_EARLY,
    TOO_LATE,
    UNKNOWN_CHARGE,
    AccountSettings,
    Answer,
    Effect,
    Script,
    choose_script,
)

MOVED = (Effect.CAPTURED, Effect.DEBITED)
DONE = (*MOVED, Effect.REFUNDED, Effect.VOIDED)


class Operation(StrEnum):
    """What may be asked of a processor."""

    CHARGE = "charge"
    DEBIT = "debit"
    REFUND = "refund"
    CREDIT = "credit"  # to a bank account, linked to no debit
    VOID = "void"
    LOOK_UP = "look_up"
    STATUS = "status"
    LIST = "list"


READS = (Operation.LOOK_UP, Operation.STATUS, Operation.LIST)
LIST_PAGE = 500


class Request(NamedTuple):
    """One question. `of` is the key of the charge that a refund or a void is about. The key of a list is its date,
    its amount the number of lines that were had before."""

    operation: Operation
    organisation: str
    merchant_account: str
    key: str
    amount: int = 0
    currency: str = ""
    token: str = ""
    of: str = ""
    settings: AccountSettings = DEFAULTS


class Reply(NamedTuple):
    """`effect` is what this request did, `script` says how to answer it, `after_s` when (inf: never). `on` is the
    date of a verdict, `lines` a page of a list."""

    script: Script
    effect: Effect
    reference: str
    amount: int | None
    currency: str | None
    after_s: float
    on: str = ""
    lines: tuple[Line, ...] = ()


class Remembered:
    """What became of one key: enough to repeat its first answer, look it up, refund it or void it."""

    __slots__ = (
        "amount",
        "at",
        "currency",
        "of",
        "operation",
        "parameters",
        "reference",
        "refunded",
        "script",
        "voided",
    )

    def __init__(
        self, script: Script, reference: str, amount: int, currency: str, parameters: str, at: str, operation: str,
        of: str = "",
    ) -> None:  # fmt: skip
        self.script = script
        self.at = at
        self.operation = operation
        self.of = of
        self.reference = reference
        self.amount = amount
        self.currency = currency
        self.parameters = parameters
        self.refunded = 0
        self.voided = False


Book = dict[str, Remembered]


def fingerprint(request: Request) -> str:
    """What a key is bound to. A digest, so that the journal holds no token."""
    text = f"{request.operation}\0{request.of}\0{request.amount}\0{request.currency}\0{request.token}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _reference(request: Request) -> str:
    text = f"{request.organisation}\0{request.merchant_account}\0{request.key}"
    return "sim_" + blake2b(text.encode(), digest_size=8).hexdigest()


def look_up(book: Book, request: Request) -> Reply:
    latency_s = request.settings.latency_s
    known = book.get(request.key)
    if known is None or not (known.script.effect in DONE or known.script.answer is Answer.DECLINED):
        return Reply(NOT_FOUND, Effect.NONE, "", None, None, latency_s)
    script = known.script
    if script.answer is not Answer.DECLINED:
        script = REFUNDED if script.effect is Effect.REFUNDED else APPROVE
    return Reply(script, Effect.NONE, known.reference, known.amount, known.currency, latency_s)


def status(book: Book, request: Request, at: str) -> Reply:
    """Where a charge, debit or refund stands on the day of the question."""
    latency_s = request.settings.latency_s
    known = book.get(request.key)
    if known is None or known.script.effect not in DONE:
        return Reply(NOT_FOUND, Effect.NONE, "", None, None, latency_s)
    verdict = stand(known.script.course, day(known.at), day(at), known.currency)
    answer = Answer.CANCELLED if known.voided else verdict.answer
    script = Script(Effect.NONE, answer, verdict.code, verdict.network_code)
    return Reply(script, Effect.NONE, known.reference, known.amount, known.currency, latency_s, verdict.on)


def listing(book: Book, request: Request) -> Reply:
    lines = tuple(lines_of(book, request.key, request.amount, LIST_PAGE))
    return Reply(LISTED, Effect.NONE, "", None, None, request.settings.latency_s, request.key, lines)


def day(at: str) -> date:
    return date.fromisoformat(at[:10])


def repeat(book: Book, request: Request, parameters: str) -> Reply | None:
    """The first answer again, or a conflict; None when the key is new, or only ever met a server error."""
    known = book.get(request.key)
    if known is None:
        return None
    if known.parameters != parameters:
        return Reply(CONFLICT, Effect.NONE, "", request.amount, request.currency, request.settings.latency_s)
    if known.script.answer is Answer.SERVER_ERROR:
        return None
    after_s = request.settings.latency_s + known.script.after_s
    return Reply(known.script, Effect.NONE, known.reference, known.amount, known.currency, after_s)


def first(book: Book, request: Request, parameters: str, at: str) -> Reply:
    amount, currency = request.amount, request.currency
    again = request.key in book  # after a server error
    match request.operation:
        case Operation.REFUND:
            script = _judge_refund(book.get(request.of), request, at)
            script = REFUNDED if again and script.answer is Answer.SERVER_ERROR else script
        case Operation.CREDIT:
            to = TOKENS.get(request.token)
            script = INVALID_TOKEN if to is None or to.effect is not Effect.DEBITED else REFUNDS[to.refund]
        case Operation.VOID:
            charge = book.get(request.of)
            script = _judge_void(charge, at)
            script = VOIDS[""] if again and script.answer is Answer.SERVER_ERROR else script
            if charge is not None:
                amount, currency = charge.amount, charge.currency
        case _:
            script = choose_script(request.token, request.key, request.settings)
            if script.answer is Answer.SERVER_ERROR and again:
                own = TOKENS[request.token]
                script = APPROVE if own.answer is Answer.SERVER_ERROR else own
    said = script.effect is not Effect.NONE or script.answer is Answer.DECLINED
    remembered = Remembered(
        script, _reference(request) if said else "", amount, currency, parameters, at, request.operation,
        request.of,
    )  # fmt: skip
    book[request.key] = remembered
    apply_to_charge(book.get(request.of), remembered)
    after_s = request.settings.latency_s + script.after_s
    return Reply(script, script.effect, remembered.reference, amount, currency, after_s)


# A void of a charge goes as its refund would, without a course of its own.
VOIDS = {
    name: script._replace(effect=Effect.VOIDED, course="") if script.effect is Effect.REFUNDED else script
    for name, script in REFUNDS.items()
}


def _judge_refund(charge: Remembered | None, request: Request, at: str) -> Script:
    if charge is None or charge.script.effect not in MOVED:
        return UNKNOWN_CHARGE
    if charge.voided:
        return ALREADY_VOIDED
    if request.currency != charge.currency:
        return CURRENCY_DIFFERS
    if request.amount > charge.amount - charge.refunded:
        return EXCEEDS_REFUNDABLE
    if charge.script.effect is Effect.DEBITED and request.amount < charge.amount:
        if not request.settings.partial_echeck_refund:
            return IN_FULL_ONLY
    elif not request.settings.refund_before_settlement and not _settled(charge, at):
        return TOO_EARLY
    return REFUNDS[charge.script.refund]


def _judge_void(charge: Remembered | None, at: str) -> Script:
    if charge is None or charge.script.effect not in MOVED:
        return UNKNOWN_CHARGE
    if charge.voided:
        return ALREADY_VOIDED
    if charge.refunded:
        return ALREADY_REFUNDED
    return TOO_LATE if _settled(charge, at) else VOIDS[charge.script.refund]


def _settled(charge: Remembered, at: str) -> bool:
    return stand(charge.script.course, day(charge.at), day(at), charge.currency).answer is not Answer.PENDING


def apply_to_charge(charge: Remembered | None, operation: Remembered) -> None:
    if charge is None:
        return
    if operation.script.effect is Effect.REFUNDED:
        charge.refunded += operation.amount
    elif operation.script.effect is Effect.VOIDED:
        charge.voided = True
