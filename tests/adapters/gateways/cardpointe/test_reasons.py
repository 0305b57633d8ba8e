"""Every code of CardPointe that is known is in our words, and the network's advice is heard before it."""

import pytest

from adapters.gateways.cardpointe.answers import Answer, Status
from adapters.gateways.cardpointe.reasons import DOUBTFUL, REASONS, TEMPORARY, is_doubtful, is_mapped, reason_of
from domain.declines import REASONS as VOCABULARY
from domain.declines import ReasonClass, class_of
from domain.outcome import ALREADY_SETTLED, NOT_SETTLED

# fmt: off
# As CardPointe's tables and guides name them; 63 to 66 and 10 to 12 are doubtful, the rest of each row is a no.
PPS_REFUSALS = (
    "11 12 13 14 15 16 17 21 22 23 24 25 27 28 29 31 32 33 34 35 36 37 38 39 41 42 43 44 45 46 48 70 71 91 92 93 94 "
    "95 96 97 98 99 101 102 103 104 105"
)
PSTR_REFUSALS = "01 02 03 04 05 13 16 17 19 28 37 46 99"
RETRY = {
    "PPS": "61 62 106", "AMEX": "182", "FNOR": "28 91 NL", "NASH": "28 91 NL", "FOMA": "09 11",
    "RPCT": "505 508 511 516 920", "PTAM": "19 97 98 99", "PMT": "000 200 299 902", "VPS": "13 14 19 21 28 96",
    "MNS": "19 21 28 96", "DPS": "19 31 AF AP BY U9 Y2", "VANT": "19 92 96",
}
# fmt: on


def no(processor: str, code: str, **more) -> Answer:
    return Answer(status=Status.DECLINED, processor=processor, code=code, **more)


@pytest.mark.parametrize("code", PPS_REFUSALS.split())
def test_each_refusal_of_the_gateway_itself_has_a_word(code):
    assert is_mapped(no("PPS", code))


@pytest.mark.parametrize("code", PSTR_REFUSALS.split())
def test_each_refusal_of_a_bank_account_has_a_word(code):
    assert is_mapped(no("PSTR", code))


@pytest.mark.parametrize(("processor", "codes"), RETRY.items())
def test_each_temporary_answer_is_technical_and_no_decline_of_the_card(processor, codes):
    for code in codes.split():
        assert code in TEMPORARY[processor]
        reason = reason_of(Answer(status=Status.TEMPORARY, processor=processor, code=code))
        assert reason == ("expired_card" if (processor, code) == ("RPCT", "511") else "issuer_unavailable")


def test_every_word_is_of_our_vocabulary():
    words = {word for table in REASONS.values() for word in table.values()}

    assert words - set(VOCABULARY) <= {NOT_SETTLED, ALREADY_SETTLED}


@pytest.mark.parametrize("code", ["61", "62", "63", "64", "65", "66"])
def test_F17_a_thread_that_was_lost_on_the_way_is_no_verdict(code):
    status = Status.TEMPORARY if code in TEMPORARY["PPS"] else Status.DECLINED

    assert is_doubtful(Answer(status=status, processor="PPS", code=code))
    assert code in DOUBTFUL["PPS"]


def test_F17_a_bank_that_timed_out_is_no_verdict_though_it_is_called_declined():
    assert is_doubtful(no("PSTR", "11"))
    assert not is_doubtful(no("PSTR", "02"))


@pytest.mark.parametrize(
    ("answer", "brand", "reason"),
    [
        (no("FNOR", "NU"), "", "insufficient_funds"),
        (no("FNOR", "05"), "", "do_not_honour"),
        (no("PMT", "05"), "", "declined"),  # the same code of another processor: nobody knows
        (no("VPS", "14"), "", "declined"),
        (no("FNOR", "14"), "", "invalid_token"),
        (no("RPCT", "116", category="1"), "visa", "not_allowed"),
        (no("RPCT", "208", category="1"), "visa", "lost_card"),
        (no("RPCT", "116", category="2"), "visa", "insufficient_funds"),
        (no("RPCT", "100", advice="R1"), "visa", "revoked"),
        (no("RPCT", "100", advice="02"), "visa", "revoked"),
        (no("RPCT", "100", advice="02"), "mastercard", "do_not_honour"),
        (no("RPCT", "100", advice="03"), "visa", "revoked"),
        (no("RPCT", "100", advice="03"), "mastercard", "closed_account"),
        (no("RPCT", "100", advice="21"), "mastercard", "revoked"),
        (no("RPCT", "504", advice="25"), "mastercard", "do_not_honour"),
        (no("RPCT", "100", advice="02", token="9541234567890123"), "", "do_not_honour"),
        (no("RPCT", "100", advice="02", token="9401234567890123"), "", "revoked"),
        (no("RPCT", "100", advice="02"), "", "do_not_honour"),
        (no("RPCT", "100", advice="03"), "discover", "do_not_honour"),
    ],
)
def test_the_advice_of_the_brand_is_heard_before_the_code(answer, brand, reason):
    assert reason_of(answer, brand) == reason


def test_advice_to_stop_is_never_answered_with_another_try():
    for advice in ("R0", "R1", "R3", "21", "06", "07"):
        assert class_of(reason_of(no("RPCT", "100", advice=advice))) is ReasonClass.STOP_PLAN
