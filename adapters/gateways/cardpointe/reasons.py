"""What CardPointe's codes mean in our vocabulary. A code means nothing without its processor, and some nothing
without the brand of the card."""

from collections.abc import Mapping

from adapters.gateways.cardpointe.answers import Answer, Status
from domain.declines import KILLS_METHOD, class_of

UNMAPPED = "declined"  # our word for a code that nobody has mapped yet

# The gateway itself (PPS), Rapid Connect (RPCT) and ProfitStars (PSTR, bank accounts). First Data North (FNOR) and
# Nashville (NASH) use the networks' own two digits, and some letters.
# fmt: off
_PPS: Mapping[str, str] = {
    "11": "invalid_token",          "12": "invalid_token",          "13": "invalid_token",
    "14": "incorrect_cvv",          "15": "expired_card",           "16": "expired_card",
    "17": "incorrect_address",      "21": "merchant_account_error", "22": "merchant_account_error",
    "23": "merchant_account_error", "24": "processing_error",       "25": "processing_error",
    "27": "already_settled",        "28": "not_settled",            "29": "processing_error",
    "31": "merchant_account_error", "32": "merchant_account_error", "33": "not_allowed",
    "34": "merchant_account_error", "35": "incorrect_address",      "36": "suspected_duplicate",
    "37": "incorrect_cvv",          "38": "incorrect_cvv",          "39": "already_settled",
    "41": "limit_exceeded",         "42": "limit_exceeded",         "43": "merchant_account_error",
    "44": "not_allowed",            "45": "merchant_account_error", "46": "not_allowed",
    "48": "merchant_account_error", "70": "processing_error",       "71": "processing_error",
    "91": "processing_error",       "92": "merchant_account_error", "93": "processing_error",
    "94": "processing_error",       "95": "merchant_account_error", "96": "invalid_token",
    "97": "merchant_account_error", "98": "invalid_token",          "99": "invalid_token",
    "101": "incorrect_address",     "102": "processing_error",      "103": "processing_error",
    "104": "merchant_account_error", "105": "processing_error",
}
_RPCT: Mapping[str, str] = {
    "001": "processing_error",      "100": "do_not_honour",         "101": "expired_card",
    "102": "call_issuer",           "104": "not_allowed",           "105": "call_issuer",
    "106": "call_issuer",           "107": "call_issuer",           "108": "call_issuer",
    "109": "merchant_account_error", "110": "merchant_account_error", "114": "not_allowed",
    "116": "insufficient_funds",    "117": "call_issuer",           "118": "invalid_token",
    "119": "not_allowed",           "120": "merchant_account_error", "121": "limit_exceeded",
    "122": "call_issuer",           "123": "limit_exceeded",        "124": "not_allowed",
    "129": "not_allowed",           "130": "merchant_account_error", "131": "invalid_token",
    "132": "expired_card",          "150": "merchant_account_error", "152": "limit_exceeded",
    "208": "lost_card",             "209": "stolen_card",           "302": "closed_account",
    "303": "invalid_token",         "304": "closed_account",        "332": "call_issuer",
    "402": "processing_error",      "403": "invalid_token",         "500": "do_not_honour",
    "504": "not_allowed",           "509": "expired_card",          "511": "expired_card",
    "512": "not_allowed",           "513": "merchant_account_error", "517": "incorrect_cvv",
    "521": "limit_exceeded",        "524": "issuer_unavailable",    "525": "issuer_unavailable",
    "528": "limit_exceeded",        "531": "authentication_required", "704": "not_allowed",
    "721": "incorrect_address",     "722": "merchant_account_error", "767": "not_allowed",
    "771": "limit_exceeded",        "772": "suspected_duplicate",   "774": "suspected_duplicate",
    "776": "suspected_duplicate",   "790": "do_not_honour",         "791": "revoked",
    "805": "limit_exceeded",        "902": "processing_error",      "904": "processing_error",
    "906": "processing_error",      "907": "issuer_unavailable",    "908": "issuer_unavailable",
    "909": "processing_error",      "913": "suspected_duplicate",   "942": "processing_error",
    "954": "incorrect_cvv",         "958": "incorrect_cvv",         "963": "issuer_unavailable",
}
_PSTR: Mapping[str, str] = {
    "01": "suspected_duplicate",    "02": "do_not_honour",          "03": "merchant_account_error",
    "04": "limit_exceeded",         "05": "limit_exceeded",         "13": "limit_exceeded",
    "16": "already_settled",        "17": "already_settled",        "19": "processing_error",
    "28": "invalid_token",          "37": "limit_exceeded",         "46": "not_settled",
    "99": "processing_error",
}
_NETWORK: Mapping[str, str] = {
    "01": "call_issuer",            "02": "call_issuer",            "03": "merchant_account_error",
    "04": "not_allowed",            "05": "do_not_honour",          "06": "processing_error",
    "07": "not_allowed",            "12": "not_allowed",            "13": "merchant_account_error",
    "14": "invalid_token",          "15": "invalid_token",          "19": "processing_error",
    "33": "expired_card",           "39": "invalid_token",          "41": "lost_card",
    "43": "stolen_card",            "46": "closed_account",         "51": "insufficient_funds",
    "52": "invalid_token",          "53": "invalid_token",          "54": "expired_card",
    "55": "call_issuer",            "57": "not_allowed",            "58": "merchant_account_error",
    "59": "call_issuer",            "61": "limit_exceeded",         "62": "not_allowed",
    "63": "call_issuer",            "65": "limit_exceeded",         "75": "call_issuer",
    "78": "call_issuer",            "92": "issuer_unavailable",     "93": "not_allowed",
    "94": "suspected_duplicate",    "96": "processing_error",       "1A": "authentication_required",
    "N7": "incorrect_cvv",          "NU": "insufficient_funds",
    "R0": "revoked",                "R1": "revoked",                "R3": "revoked",
}
REASONS: Mapping[str, Mapping[str, str]] = {
    "PPS": _PPS, "RPCT": _RPCT, "PSTR": _PSTR, "FNOR": _NETWORK, "NASH": _NETWORK,
}

# The whole class "try again" (respstat B), by processor.
TEMPORARY: Mapping[str, tuple[str, ...]] = {
    "PPS":  ("61", "62", "106"),
    "AMEX": ("182",),
    "FNOR": ("28", "91", "NL"),
    "NASH": ("28", "91", "NL"),
    "FOMA": ("09", "11"),
    "RPCT": ("505", "508", "511", "516", "911", "920"),
    "PTAM": ("19", "97", "98", "99"),
    "PMT":  ("000", "200", "299", "902"),
    "VPS":  ("13", "14", "19", "21", "28", "96"),
    "MNS":  ("19", "21", "28", "96"),
    "DPS":  ("19", "31", "AF", "AP", "BY", "U9", "Y2"),
    "VANT": ("19", "92", "96"),
}

# Verdicts that are none: somebody between the gateway and the bank lost the thread, whatever respstat says.
DOUBTFUL: Mapping[str, tuple[str, ...]] = {
    "PPS":  ("61", "62", "63", "64", "65", "66"),  # line down, timed out, three broken answers, another's answer
    "PSTR": ("10", "11", "12"),                    # format, time-out, internal error
}

# Advice of the network (`merchAdviceCode`), by brand: stronger than any code.
_ADVICE: Mapping[str, Mapping[str, str]] = {
    "mastercard": {
        "01": "expired_card",  # there is new account information
        "03": "closed_account", "05": "closed_account",
        "06": "revoked",        "07": "revoked",        "21": "revoked",
        "22": "not_allowed",    "40": "not_allowed",    "41": "not_allowed",
    },
    "visa": {
        "02": "revoked", "03": "revoked", "21": "revoked", "R0": "revoked", "R1": "revoked", "R3": "revoked",
    },
    "": {  # brand unknown: only what means the same for both, or is a no for good in any case
        "03": "closed_account", "06": "revoked", "07": "revoked", "21": "revoked",
        "R0": "revoked", "R1": "revoked", "R3": "revoked",
    },
}
# Advice to wait (a day, four days, …): nothing for ever can follow from the code beside it.
_WAITS = ("02", "24", "25", "26", "27", "28", "29", "30")
# fmt: on

_BRANDS = {"4": "visa", "5": "mastercard", "2": "mastercard"}


def is_doubtful(answer: Answer) -> bool:
    """Whether a verdict must be looked up before it is believed."""
    return answer.status is not Status.APPROVED and answer.code in DOUBTFUL.get(answer.processor, ())


def is_mapped(answer: Answer) -> bool:
    """Whether we know the code: else its reason is a plain decline."""
    return (
        answer.status is Status.APPROVED
        or answer.code in REASONS.get(answer.processor, {})
        or answer.code in TEMPORARY.get(answer.processor, ())
        or is_doubtful(answer)
    )


def reason_of(answer: Answer, brand: str = "") -> str:
    """Why it was declined. The network's advice first, then its category, then the class of the status, then the
    pair of processor and code."""
    brand = _brand(answer, brand)
    if advised := _ADVICE.get(brand, {}).get(answer.advice):
        return advised
    paired = REASONS.get(answer.processor, {}).get(answer.code, "")
    if answer.category == "1" and class_of(paired or UNMAPPED) not in KILLS_METHOD:
        return "not_allowed"  # the issuer will never approve
    if answer.status is Status.TEMPORARY:
        return paired if paired == "expired_card" else "issuer_unavailable"
    if paired and brand == "mastercard" and answer.advice in _WAITS and class_of(paired) in KILLS_METHOD:
        return "do_not_honour"
    return paired or UNMAPPED


def _brand(answer: Answer, brand: str) -> str:
    """As the method says, or as the token shows: 9, then the first two digits of the card's number."""
    known = brand.lower().replace(" ", "")
    if known in _ADVICE:
        if known:
            return known
        token = answer.token
        return _BRANDS.get(token[1], "") if len(token) == 16 and token.isdigit() and token[0] == "9" else ""
    return "other"
