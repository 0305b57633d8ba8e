"""Why a payment failed: one catalogue of reasons, each with a class that says what may be done about it.

The words for staff, client and next step stand in the catalogue of languages under `reason.<code>.*`.
"""

from enum import StrEnum


class ReasonClass(StrEnum):
    NEVER = "never"  # the instrument is dead: a new method is needed
    STOP_PLAN = "stop_plan"  # the authorisation was revoked: nothing more may be asked
    FIX_DATA = "fix_data"  # new expiry, CVV or address first
    CUSTOMER_ACTION = "customer_action"  # the client must act with their bank
    LATER = "later"  # may work another day
    TECHNICAL = "technical"  # something between us and the issuer
    UNKNOWN = "unknown"  # no verdict
    DUPLICATE = "duplicate"  # look up, do not retry
    CONFIG = "config"  # our side: the merchant account or its settings
    BANK_RETURN_SOFT = "bank_return_soft"  # an e-check that came back for want of funds: the rail allows another
    BANK_RETURN_HARD = "bank_return_hard"  # an e-check that came back for good: another method is needed


C = ReasonClass

# fmt: off
REASONS: dict[str, ReasonClass] = {
    "insufficient_funds":      C.LATER,
    "do_not_honour":           C.LATER,
    "limit_exceeded":          C.LATER,
    "expired_card":            C.FIX_DATA,
    "incorrect_cvv":           C.FIX_DATA,
    "incorrect_address":       C.FIX_DATA,
    "lost_card":               C.NEVER,
    "stolen_card":             C.NEVER,
    "closed_account":          C.NEVER,
    "invalid_token":           C.NEVER,
    "not_allowed":             C.NEVER,
    "revoked":                 C.STOP_PLAN,
    "call_issuer":             C.CUSTOMER_ACTION,
    "authentication_required": C.CUSTOMER_ACTION,
    "issuer_unavailable":      C.TECHNICAL,
    "processing_error":        C.TECHNICAL,
    "suspected_duplicate":     C.DUPLICATE,
    "merchant_account_error":  C.CONFIG,
    "no_method":               C.FIX_DATA,
    "in_doubt":                C.UNKNOWN,
    "not_paid":                C.LATER,      # a person found that it was not paid (A10)
    "cheque_refused":          C.FIX_DATA,   # a paper cheque that the bank did not take (I7)
    "missing_here":            C.DUPLICATE,  # the processor's books and ours differ: look before anything else
    "missing_there":           C.DUPLICATE,
    "other_amount":            C.DUPLICATE,
    "other_state":             C.DUPLICATE,
    "refund_declined":         C.LATER,      # money that could not be given back
    "not_settled":             C.LATER,      # its payment does not settle: the refund waited too long
    "refund_cancelled":        C.LATER,      # the processor has cancelled the refund
    "chargeback":              C.CUSTOMER_ACTION,  # the card's holder had the money taken back
    "taken_back":              C.CUSTOMER_ACTION,  # the bank took it back, long after
    "not_recorded":            C.CONFIG,     # a bug of ours kept the outcome from being recorded
    "account_not_found":       C.NEVER,      # of a bank: its numbers are wrong, or it has moved
    "payment_stopped":         C.CUSTOMER_ACTION,
    "holder_deceased":         C.NEVER,
    "returned_on_request":     C.CONFIG,     # between banks; nobody refused to pay
    "bank_file_error":         C.CONFIG,     # what we wrote to the bank, not the client
    "no_verdict":              C.UNKNOWN,    # an e-check or refund of which nobody says what became (E4, R6)
    "expiring_card":           C.FIX_DATA,   # a saved card with planned payments ends soon (A1)
    "network_limit":           C.LATER,      # asked as often as the card's network allows (retry_rules)
    "retry_too_early":         C.LATER,      # the bank asked to wait (retry_rules)
    "declined":                C.LATER,      # a code that nobody has mapped yet
}
# fmt: on

KILLS_METHOD = (C.NEVER, C.STOP_PLAN)  # a revoked authorisation is not asked again either, until it is replaced
STOPS_PLAN = (C.STOP_PLAN,)


def class_of(code: str) -> ReasonClass:
    """The class of a reason; a code that is not in the catalogue counts as a plain decline."""
    return REASONS.get(code, REASONS["declined"])


def class_of_return(code: str) -> ReasonClass:
    """The class of what a bank sent back: rails allow another presentment for want of funds only (E6), and what was
    not authorised stops the plan."""
    if code == "insufficient_funds":
        return C.BANK_RETURN_SOFT
    return class_of(code) if class_of(code) in STOPS_PLAN else C.BANK_RETURN_HARD


def known(code: str) -> str:
    """`code` if the catalogue has it, else `declined`."""
    return code if code in REASONS else "declined"
