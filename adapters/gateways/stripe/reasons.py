"""What Stripe calls a decline, in our words (`domain.declines`)."""

from domain.declines import REASONS, ReasonClass, class_of

# fmt: off
DECLINES: dict[str, str] = {
    # decline_code of a card, failure_code of a bank debit
    "insufficient_funds":                 "insufficient_funds",
    "do_not_honor":                       "do_not_honour",
    "generic_decline":                    "do_not_honour",
    "no_action_taken":                    "do_not_honour",
    "merchant_blacklist":                 "do_not_honour",
    "card_velocity_exceeded":             "limit_exceeded",
    "withdrawal_count_limit_exceeded":    "limit_exceeded",
    "invalid_amount":                     "limit_exceeded",
    "expired_card":                       "expired_card",
    "invalid_expiry_month":               "expired_card",
    "invalid_expiry_year":                "expired_card",
    "incorrect_cvc":                      "incorrect_cvv",
    "invalid_cvc":                        "incorrect_cvv",
    "lost_card":                          "lost_card",
    "stolen_card":                        "stolen_card",
    "pickup_card":                        "stolen_card",
    "incorrect_number":                   "invalid_token",
    "invalid_number":                     "invalid_token",
    "invalid_account":                    "invalid_token",
    "new_account_information_available":  "invalid_token",
    "resource_missing":                   "invalid_token",
    "payment_method_unactivated":         "invalid_token",
    "card_not_supported":                 "not_allowed",
    "currency_not_supported":             "not_allowed",
    "not_permitted":                      "not_allowed",
    "restricted_card":                    "not_allowed",
    "security_violation":                 "not_allowed",
    "service_not_allowed":                "not_allowed",
    "transaction_not_allowed":            "not_allowed",
    "do_not_try_again":                   "not_allowed",
    "stop_payment_order":                 "revoked",
    "revocation_of_authorization":        "revoked",
    "revocation_of_all_authorizations":   "revoked",
    "call_issuer":                        "call_issuer",
    "approve_with_id":                    "call_issuer",
    "fraudulent":                         "call_issuer",
    "incorrect_pin":                      "call_issuer",
    "invalid_pin":                        "call_issuer",
    "pin_try_exceeded":                   "call_issuer",
    "offline_pin_required":               "call_issuer",
    "online_or_offline_pin_required":     "call_issuer",
    "authentication_required":            "authentication_required",
    "authentication_not_handled":         "authentication_required",
    "payment_intent_authentication_failure": "authentication_required",
    "issuer_not_available":               "issuer_unavailable",
    "try_again_later":                    "issuer_unavailable",
    "processing_error":                   "processing_error",
    "reenter_transaction":                "processing_error",
    "duplicate_transaction":              "suspected_duplicate",
    "live_mode_test_card":                "merchant_account_error",
    # bank debits
    "account_closed":                     "closed_account",
    "bank_account_unusable":              "closed_account",
    "no_account":                         "closed_account",
    "bank_ownership_changed":             "closed_account",
    "bank_account_restricted":            "not_allowed",
    "debit_not_authorized":               "revoked",
    "charge_exceeds_source_limit":        "limit_exceeded",
    # failure_reason of a refund
    "lost_or_stolen_card":                "lost_card",
    "expired_or_canceled_card":           "expired_card",
}

# What the networks add, which outranks the decline code. The same number means different things to each of them.
ADVICE: dict[tuple[str, str], str] = {
    ("mastercard", "03"): "not_allowed",
    ("mastercard", "21"): "revoked",
    ("visa",       "R0"): "revoked",
    ("visa",       "R1"): "revoked",
    ("visa",       "R3"): "revoked",
}
# fmt: on

_FINAL = (ReasonClass.NEVER, ReasonClass.STOP_PLAN, ReasonClass.CUSTOMER_ACTION, ReasonClass.FIX_DATA)


def reason(*, code: str, decline_code: str = "", advice: str = "", network_advice: str = "", brand: str = "") -> str:
    """Of our vocabulary. `code` is the error's, used where there is no decline code (`card_declined` says nothing)."""
    told = DECLINES.get(decline_code) or DECLINES.get(code) or "declined"
    told = ADVICE.get((brand.lower(), network_advice.upper()), told)
    if advice == "do_not_try_again" and class_of(told) not in _FINAL:
        told = "not_allowed"
    return told if told in REASONS else "declined"
