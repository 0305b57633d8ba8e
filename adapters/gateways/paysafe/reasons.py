"""What Paysafe's error and return codes mean, in our words (`domain.declines`).

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
    "3016": "stolen_card",
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

RETURNS: dict[str, str] = {
    # ACH
    "R01": "insufficient_funds",
    "R09": "insufficient_funds",
    "R02": "closed_account",
    "R03": "closed_account",
    "R04": "closed_account",
    "R05": "revoked",
    "R07": "revoked",
    "R08": "revoked",
    "R10": "revoked",
    "R29": "revoked",
    "R16": "not_allowed",
    "R20": "not_allowed",
    # EFT
    "900": "closed_account",
    "901": "insufficient_funds",
    "908": "insufficient_funds",
    "902": "closed_account",
    "903": "revoked",
    "905": "closed_account",
    "906": "closed_account",
    "907": "not_allowed",
    "910": "closed_account",
    "911": "not_allowed",
    "912": "closed_account",
}
# fmt: on


def reason(code: str) -> str:
    """Of a refusal by Paysafe or an issuer."""
    return DECLINES.get(code, "declined")


def return_reason(code: str) -> str:
    """Of a debit that came back from the bank."""
    return RETURNS.get(code.upper(), "declined")
