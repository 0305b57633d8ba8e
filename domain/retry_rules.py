"""Retry rules: what each card network allows after a decline, as dated data, and who may retry what (A8).

The figures are ceilings; sources stand in the tests' copy of the networks' rules. A decline that a processor has
named in our words is made stricter here where the network's own code says so, never milder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.days import local_date
from domain.declines import ReasonClass, class_of
from domain.organisation import Organisation
from domain.refusal import Refusal

DAY = timedelta(hours=24)
MONTH = timedelta(days=30)
VISA_DEFAULT = 15  # tries of an amount in 30 days, unless the merchant account says otherwise: safe under all editions
OFFERS = "visa_reattempts"  # the setting of a merchant account; never above the ceiling of the day


class NetworkLimit(Refusal):
    """The card was asked for this amount as often as its network allows for now; `until` says for how long."""

    code = "network_limit"


class RetryTooEarly(Refusal):
    """The bank asked to wait; `until` says for how long."""

    code = "retry_too_early"


C = ReasonClass

# fmt: off
# Visa's categories by the code of the answer: 1 never, 2 not now, 3 data, 4 (the rest) as often as 2. From when on.
_SINCE = date(2021, 4, 17)
VISA_CATEGORIES: Mapping[str, tuple[tuple[date, int], ...]] = {
    "04": ((_SINCE, 1),), "07": ((_SINCE, 1),), "12": ((_SINCE, 1),), "14": ((_SINCE, 1),), "15": ((_SINCE, 1),),
    "41": ((_SINCE, 1),), "43": ((_SINCE, 1),), "46": ((_SINCE, 1),), "57": ((_SINCE, 1),), "R0": ((_SINCE, 1),),
    "R1": ((_SINCE, 1),), "R3": ((_SINCE, 1),),
    "03": ((_SINCE, 2),), "19": ((_SINCE, 2),), "39": ((_SINCE, 2),), "51": ((_SINCE, 2),), "52": ((_SINCE, 2),),
    "53": ((_SINCE, 2),), "59": ((_SINCE, 2),), "61": ((_SINCE, 2),), "62": ((_SINCE, 2),), "65": ((_SINCE, 2),),
    "75": ((_SINCE, 2),), "78": ((_SINCE, 2),), "86": ((_SINCE, 2),), "91": ((_SINCE, 2),), "93": ((_SINCE, 2),),
    "96": ((_SINCE, 2),), "5C": ((_SINCE, 2),), "9G": ((_SINCE, 2),), "N3": ((_SINCE, 2),), "N4": ((_SINCE, 2),),
    "Z5": ((_SINCE, 2),), "83": ((_SINCE, 4), (date(2026, 7, 25), 2)),
    "54": ((_SINCE, 3),), "55": ((_SINCE, 3),), "82": ((_SINCE, 3),), "6P": ((_SINCE, 3),), "N7": ((_SINCE, 3),),
}
OTHER_CATEGORY = 4
# The most that Visa allows in 30 days, per card, acceptor and amount.
VISA_CEILING = ((date(2021, 4, 17), 15), (date(2025, 5, 19), 20))

# Mastercard's advice: our reason where it says what is wrong, or how long to wait.
MASTERCARD_REASONS: Mapping[str, str] = {
    "01": "expired_card",    # new account information
    "03": "closed_account",  # never
    "04": "invalid_token",   # a token is required: the card must be entered again
    "21": "revoked",         # the payment was cancelled by the client
}
MASTERCARD_WAITS: Mapping[str, timedelta] = {
    "24": timedelta(hours=1),  "25": timedelta(hours=24), "26": timedelta(days=2), "27": timedelta(days=4),
    "28": timedelta(days=6),   "29": timedelta(days=8),   "30": timedelta(days=10),
}
TRY_LATER = {"02": timedelta(hours=72)}  # Mastercard's general "later": binds the schedule; a person may know better
# Mastercard's limits: how many declines, within what, of any amount or of the same one; per card and acceptor.
# Rolling windows hold every calendar day and every fixed month too, whichever way the network counts.
MASTERCARD_LIMITS = ((10, DAY, False), (35, MONTH, True))

# How the brands begin that are a network's: "Visa Debit", "VISA", "MC", "Master Card".
SPELT: Mapping[str, tuple[str, ...]] = {"visa": ("visa", "vpay"), "mastercard": ("mastercard", "mc", "maestro")}
STOPPED = ("R0", "R1", "R3")  # Visa: this payment, this authorisation, all of the merchant's

# Who may retry what, besides what `must_be_within` and the method allow: on schedule where the setting names the
# class, and a person with the same method.
MAY: Mapping[ReasonClass, tuple[bool, bool]] = {
    #                    schedule  person
    C.LATER:            (True,     True),
    C.TECHNICAL:        (True,     True),
    C.FIX_DATA:         (True,     True),
    C.CUSTOMER_ACTION:  (True,     True),
    C.CONFIG:           (True,     True),
    C.DUPLICATE:        (False,    True),
    C.UNKNOWN:          (False,    False),  # settle it first (A10)
    C.NEVER:            (False,    False),  # another method
    C.STOP_PLAN:        (False,    False),
    C.BANK_RETURN_SOFT: (True,     True),   # as often as the rail allows (re_presentment)
    C.BANK_RETURN_HARD: (False,    False),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One try of an instrument through an acceptor: declined, or still without a verdict."""

    at: datetime
    amount: int
    advice: str = ""


def network_of(brand: str) -> str:
    """The network behind a brand, however a sender spells it; empty where nobody has said, else in small letters."""
    plain = "".join(letter for letter in brand.lower() if letter.isalnum())
    return next((name for name, spelt in SPELT.items() if plain.startswith(spelt)), plain)


def visa_category(code: str, day: date) -> int:
    """The category of an answer on a day."""
    rows = [category for since, category in VISA_CATEGORIES.get(code, ()) if since <= day]
    return rows[-1] if rows else OTHER_CATEGORY


def visa_limit(settings: Mapping[str, Any], day: date) -> int:
    """How many tries in 30 days a merchant account allows itself, under the ceiling of the day."""
    ceiling = [limit for since, limit in VISA_CEILING if since <= day][-1]
    asked = settings.get(OFFERS, VISA_DEFAULT)
    return min(asked if isinstance(asked, int) and asked > 0 else VISA_DEFAULT, ceiling)


def stricter(code: str, *, brand: str, network_code: str, advice: str, day: date) -> str:
    """A reason of our vocabulary, or a harder one where the network's own words say so. Codes are read with the
    brand only: the same digits mean different things to each network."""
    brand = network_of(brand)
    if class_of(code) in (C.NEVER, C.STOP_PLAN):
        return code
    if brand == "mastercard":
        return MASTERCARD_REASONS.get(advice, code)
    if brand == "visa":
        if network_code in STOPPED or advice in STOPPED:
            return "revoked"
        if visa_category(network_code, day) == 1:
            return "not_allowed"
    return code


def must_be_within(
    tried: Iterable[Tried], *, brand: str, amount: int, settings: Mapping[str, Any], now: datetime,
    by_schedule: bool = False,
) -> None:  # fmt: skip
    """Raises NetworkLimit or RetryTooEarly when the network does not allow another try now. `tried` are those of the
    same instrument through the same acceptor, by people and by schedule alike; an unknown brand keeps all limits."""
    ordered = sorted(tried, key=lambda one: one.at)
    for limit, window, same_amount in _limits(network_of(brand), settings, now):
        counted = [one.at for one in ordered if one.at > now - window and (not same_amount or one.amount == amount)]
        if len(counted) >= limit:
            raise NetworkLimit("item", limit=limit, until=_text(counted[-limit] + window))
    if ordered and network_of(brand) in ("mastercard", ""):
        last = ordered[-1]
        wait = MASTERCARD_WAITS.get(last.advice) or (TRY_LATER.get(last.advice) if by_schedule else None)
        if wait is not None and now < last.at + wait:
            raise RetryTooEarly("item", until=_text(last.at + wait))


def _limits(brand: str, settings: Mapping[str, Any], now: datetime) -> Sequence[tuple[int, timedelta, bool]]:
    visa = (visa_limit(settings, now.date()), MONTH, True)
    if brand == "visa":
        return (visa,)
    return MASTERCARD_LIMITS if brand == "mastercard" else (visa, *MASTERCARD_LIMITS)


def _text(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def scheduled_retry(
    reason_class: ReasonClass | str, organisation: Organisation, *, failed_at: datetime, planned: date | None,
    now: datetime,
) -> date | None:  # fmt: skip
    """The night of the next automatic retry, if the organisation has one for this class: so many days after the
    first failure. What is planned stays planned, whatever a person tried meanwhile; what is past is not made up for."""
    days = organisation.settings.get("automatic_retries") or {}
    wanted = days.get(str(reason_class)) or ()
    if not MAY.get(ReasonClass(reason_class), (False, False))[0]:
        return None
    first, today = local_date(failed_at, organisation.timezone), local_date(now, organisation.timezone)
    from_ = planned if planned is not None else today + timedelta(days=1)
    return min((day for day in (first + timedelta(days=after) for after in wanted) if day >= from_), default=None)
