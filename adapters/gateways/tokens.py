"""What each token of the simulator does and how it answers, as a table; the settings of its accounts."""

import math
from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple


class Effect(StrEnum):
    """What a request did to money."""

    CAPTURED = "captured"
    DEBITED = "debited"
    REFUNDED = "refunded"
    VOIDED = "voided"
    NONE = "none"


class Answer(StrEnum):
    """How a request is answered, whatever it did."""

    APPROVED = "approved"
    DECLINED = "declined"
    SILENCE = "silence"
    SERVER_ERROR = "server_error"
    GARBAGE = "garbage"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    PENDING = "pending"
    SETTLED = "settled"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    LISTED = "listed"


class Script(NamedTuple):
    """What is done and what is said, apart from each other; `after_s` is infinite for silence. `refund` names the
    row of REFUNDS that a refund or void of this charge follows, `course` what becomes of it (`standing`)."""

    effect: Effect
    answer: Answer
    code: str = ""
    network_code: str = ""
    after_s: float = 0.0
    refund: str = ""
    course: str = ""


def _no(code: str, network_code: str = "") -> Script:
    return Script(Effect.NONE, Answer.DECLINED, code, network_code)


# fmt: off
TOKENS: Mapping[str, Script] = {
    # token                            money moves       answer
    "tok_approve":              Script(Effect.CAPTURED,  Answer.APPROVED),
    "tok_insufficient_funds":   _no("insufficient_funds", "51"),
    "tok_expired_card":         _no("expired_card",       "54"),
    "tok_lost_card":            _no("lost_card",          "41"),
    "tok_do_not_honour":        _no("do_not_honour",      "05"),
    "tok_revoked":              _no("revoked",            "R1"),
    "tok_timeout_after_charge": Script(Effect.CAPTURED,  Answer.SILENCE, after_s=math.inf),
    "tok_timeout_before_charge":Script(Effect.NONE,      Answer.SILENCE, after_s=math.inf),
    "tok_500_then_approve":     Script(Effect.NONE,      Answer.SERVER_ERROR),
    "tok_garbage":              Script(Effect.NONE,      Answer.GARBAGE),
    "tok_slow":                 Script(Effect.CAPTURED,  Answer.APPROVED, after_s=1.0),
    "tok_refund_fails":         Script(Effect.CAPTURED,  Answer.APPROVED, refund="fails"),
    "tok_refund_timeout_after": Script(Effect.CAPTURED,  Answer.APPROVED, refund="timeout_after"),
    "tok_refund_timeout_before":Script(Effect.CAPTURED,  Answer.APPROVED, refund="timeout_before"),
    "tok_refund_500":           Script(Effect.CAPTURED,  Answer.APPROVED, refund="server_error"),
    "tok_refund_garbage":       Script(Effect.CAPTURED,  Answer.APPROVED, refund="garbage"),
    "tok_refund_card_closed":   Script(Effect.CAPTURED,  Answer.APPROVED, refund="card_closed"),
    "tok_refund_returned":      Script(Effect.CAPTURED,  Answer.APPROVED, refund="returned"),
    "echeck_settle":            Script(Effect.DEBITED,   Answer.APPROVED, course="settle"),
    "echeck_nsf":               Script(Effect.DEBITED,   Answer.APPROVED, course="nsf"),
    "echeck_unauthorised_late": Script(Effect.DEBITED,   Answer.APPROVED, course="unauthorised_late"),
}

# What becomes of a refund (or void) of a charge: it is the token of the charge that decides.
REFUNDS: Mapping[str, Script] = {
    # of the charge              money moves       answer
    "":                   Script(Effect.REFUNDED,  Answer.APPROVED),
    "fails":              _no("refund_declined", "05"),
    "card_closed":        _no("closed_account",  "46"),
    "timeout_after":      Script(Effect.REFUNDED,  Answer.SILENCE, after_s=math.inf),
    "timeout_before":     Script(Effect.NONE,      Answer.SILENCE, after_s=math.inf),
    "server_error":       Script(Effect.NONE,      Answer.SERVER_ERROR),  # the second send of the key does it
    "garbage":            Script(Effect.NONE,      Answer.GARBAGE),
    "returned":           Script(Effect.REFUNDED,  Answer.APPROVED, course="refund_returned"),
}
INVALID_TOKEN      = _no("invalid_token", "14")
CONFLICT           = Script(Effect.NONE,     Answer.CONFLICT)
NOT_FOUND          = Script(Effect.NONE,     Answer.NOT_FOUND)
REFUNDED           = REFUNDS[""]
LISTED             = Script(Effect.NONE,     Answer.LISTED)
UNKNOWN_CHARGE     = _no("unknown_charge")
ALREADY_VOIDED     = _no("already_voided")
ALREADY_REFUNDED   = _no("already_refunded")
CURRENCY_DIFFERS   = _no("currency_differs")
EXCEEDS_REFUNDABLE = _no("exceeds_refundable")
TOO_EARLY          = _no("not_settled")
TOO_LATE           = _no("already_settled")
IN_FULL_ONLY       = _no("in_full_only")

# The fault rates of an account: a charge that would be approved behaves like this token instead.
FAULTS: Mapping[str, str] = {
    "timeout_after_charge":  "tok_timeout_after_charge",
    "timeout_before_charge": "tok_timeout_before_charge",
    "server_error":          "tok_500_then_approve",
    "garbage":               "tok_garbage",
    "slow":                  "tok_slow",
    "insufficient_funds":    "tok_insufficient_funds",
    "expired_card":          "tok_expired_card",
    "lost_card":             "tok_lost_card",
    "do_not_honour":         "tok_do_not_honour",
    "revoked":               "tok_revoked",
}
# fmt: on

APPROVE = TOKENS["tok_approve"]
DEADLINE_S = 2.0  # CONTRACT section 5: how long a `simulator` account waits, unless it says otherwise


class AccountSettings(NamedTuple):
    """The settings of a `simulator` merchant account that concern its answers."""

    latency_s: float = 0.0
    deadline_s: float = DEADLINE_S
    fault_rates: tuple[tuple[str, float], ...] = ()
    seed: str = "0"
    refund_before_settlement: bool = True
    partial_echeck_refund: bool = True


DEFAULTS = AccountSettings()


def read_settings(settings: Mapping[str, Any]) -> AccountSettings:
    """From a merchant account's settings. Raises ValueError when they make no sense."""
    if not settings:
        return DEFAULTS
    # Sorted, because databases give the keys of a JSON object back in an order of their own.
    rates = tuple(sorted((name, _number(rate)) for name, rate in settings.get("fault_rates", {}).items()))
    if unknown := [name for name, _ in rates if name not in FAULTS]:
        raise ValueError(f"unknown fault_rates {unknown}: known are {sorted(FAULTS)}")
    if sum(rate for _, rate in rates) > 1:
        raise ValueError("fault_rates add up to more than 1")
    return AccountSettings(
        latency_s=_number(settings.get("latency_ms", 0)) / 1000,
        deadline_s=_number(settings.get("deadline_s", DEADLINE_S)),
        fault_rates=rates,
        seed=str(settings.get("seed", "0")),
        refund_before_settlement=_truth(settings.get("refund_before_settlement", True)),
        partial_echeck_refund=_truth(settings.get("partial_echeck_refund", True)),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"not a number of at least 0: {value!r}")
    return float(value)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"neither true nor false: {value!r}")
    return value


def choose_script(token: str, key: str, settings: AccountSettings) -> Script:
    """The token's script, or that of a fault: the same seed and key always meet the same one."""
    script = TOKENS.get(token, INVALID_TOKEN)
    if not settings.fault_rates or script.answer is not Answer.APPROVED or script.after_s:
        return script
    digest = blake2b(f"{settings.seed}/{key}".encode(), digest_size=8).digest()
    point = int.from_bytes(digest, "big") / 2**64
    for name, rate in settings.fault_rates:
        if point < rate:
            return TOKENS[FAULTS[name]]
        point -= rate
    return script
