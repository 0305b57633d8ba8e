"""What Paysafe's error codes mean, in our words (`domain.declines`); returns are the banks' own (`bank_return`).

Paysafe passes on neither the network's own code nor its advice, so the class of a decline hangs on these alone.
"""

# fmt: off
DECLINES: dict[str, str] = {
    "3009": "do_not_honour",
    "3022": "insufficient_funds",
    "3023": "limit_exceeded",
    "3027": "limit_exceeded",
    "3012": "expired_card",
    "3049": "expired_card",
    "3019": "incorrect_cvv",
    "3007": "incorrect_address",
    "3016": "lost_card",
    "3050": "stolen_card",
    "3051": "stolen_card",
    "3052": "stolen_card",
    "3053": "stolen_card",
    "3017": "invalid_token",
    "5501": "invalid_token",
    "5502": "invalid_token",
    "5068": "merchant_account_error",
    "3024": "not_allowed",
    "3057": "not_allowed",
    "4001": "not_allowed",
    "4002": "do_not_honour",
    "3054": "call_issuer",
    "3015": "call_issuer",
    "3060": "authentication_required",
    "3018": "processing_error",
    "3020": "processing_error",
    "3028": "processing_error",
    "5021": "declined",
    "2019": "closed_account",     # bank account not valid
    "2017": "invalid_token",      # a token of another scheme
}
# fmt: on


def reason(code: str) -> str:
    """Of a refusal by Paysafe or an issuer."""
    return DECLINES.get(code, "declined")
