"""Files from banks: returns, changes, disputes; lenient in structure, and nothing is lost (F-99)."""

import random

import pytest

from adapters.bank_files.cpa005_layout import PAYMENT, PREFIX, START, WIDTH, institution
from adapters.bank_files.cpa005_returns import read_canadian_returns
from adapters.bank_files.nacha_layout import ENTRY
from adapters.bank_files.nacha_returns import CHANGE, RETURN, read_returns
from domain.bank_return import BankChange, BankReturn, Unreadable

HEADER = "101 091400606 6910001341810170306A094101FIRST BANK & TRUST     OUR CLUB".ljust(94)
BATCH = "5200OUR CLUB                            123456789 WEBRECFEE    000101   1091000010000001"
CONTROL = "82000000020009140060000000012354000000000000 123456789                         091000010000001"
END = "9000001000001000000020009140060000000012354000000000000".ljust(94)


def entry(amount: int = 12_354, key: str = "e0123456789abx1", code: int = 26) -> str:
    return ENTRY.write({
        "code": code, "rdfi": 9140060, "check_digit": 6, "account": "123456789", "amount": amount,
        "individual_id": key, "name": "Paul Jones", "payment_type": "S", "addenda": 1, "odfi": 9100001,
        "sequence": 7611242,
    })  # fmt: skip


def returned(code: str = "R01", trace: str = "091400600000001", rdfi: str = "09100001") -> str:
    return RETURN.write({
        "code": code, "trace": trace, "died_on": "", "rdfi": rdfi, "info": "", "own_trace": "091000017611242"
    })  # fmt: skip


def change(code: str, corrected: str, trace: str = "121042880000001") -> str:
    written = {"code": code, "trace": trace, "rdfi": "12104288", "corrected": corrected, "own_trace": "091012980000088"}
    return CHANGE.write(written)


WHOLE = [HEADER, BATCH, entry(), returned(), CONTROL, END]
EXPECTED = BankReturn(
    code="R01", amount=12_354, trace="091400600000001", rdfi="09100001", key="e0123456789abx1", line=4
)  # fmt: skip


def without_line(found: BankReturn) -> tuple[object, ...]:
    return found.code, found.amount, found.credit, found.trace, found.rdfi, found.key


@pytest.mark.parametrize(
    "lines",
    [
        WHOLE,
        WHOLE[2:4],  # an extract: neither header nor control
        WHOLE[1:4],  # no control
        [*WHOLE, *["9" * 94] * 4],  # padded
        [line.rstrip() for line in WHOLE],  # spaces lost at line ends
        [line + "\r\n" for line in WHOLE],
        ["".join(line.ljust(94) for line in WHOLE)],  # no line ends at all
        [HEADER, BATCH, entry(), returned(), CONTROL.replace("00000002", "00000009"), END],  # wrong counts
        [HEADER, "", BATCH, entry(), returned(), "\x1a"],
    ],
)
def test_F99_a_return_is_read_whatever_is_around_it(lines: list[str]) -> None:
    (found,) = read_returns(lines)
    assert isinstance(found, BankReturn)
    assert without_line(found) == without_line(EXPECTED)


def test_F99_a_banks_private_code_is_a_return() -> None:
    (found,) = read_returns([entry(), returned("R97")])
    assert isinstance(found, BankReturn)
    assert found.code == "R97"


def test_E7_the_return_of_a_refund_is_known_by_its_code() -> None:
    (found,) = read_returns([entry(code=21), returned("R23")])
    assert isinstance(found, BankReturn)
    assert found.credit


@pytest.mark.parametrize(
    ("why", "lines"),
    [
        ("truncated", [entry()]),
        ("truncated", [entry(), entry(), returned()][:2]),
        ("truncated", [returned()]),
        ("bad_trace", [entry(), returned(trace="REJ012345678901")]),
        ("bad_code", [entry(), returned("X99")]),
        ("bad_amount", [entry()[:29] + "12,354.00 " + entry()[39:]]),
        ("dispute", [entry(), returned("R61")]),
        ("dispute", [entry(), returned("R73")]),
        ("unknown_record", ["REPORT OF RETURNS PAGE 1"]),
        ("unknown_record", [entry(), "705 an addenda of another kind"]),
        ("no_correction", [entry(0), change("C13", "")]),
    ],
)
def test_F99_what_cannot_be_read_is_parked_with_its_reason(why: str, lines: list[str]) -> None:
    found = list(read_returns(lines))
    assert why in [one.why for one in found if isinstance(one, Unreadable)]


def test_F99_one_bad_record_hides_no_other() -> None:
    lines = [entry(), returned(trace="REJ012345678901"), entry(), returned(), "garbage", entry(500), returned("R02")]
    found = [one.code for one in read_returns(lines) if isinstance(one, BankReturn)]
    assert found == ["R01", "R02"]


@pytest.mark.parametrize(
    ("code", "written", "corrected"),
    [
        ("C01", "1918171614", {"account": "1918171614"}),
        ("C02", "091400606", {"routing": "091400606"}),
        ("C03", "091400606   1918171614", {"routing": "091400606", "account": "1918171614"}),
        ("C04", "Marie Tremblay", {"name": "Marie Tremblay"}),
        ("C05", "37", {"type": "savings"}),
        ("C06", "1918171614          27", {"account": "1918171614", "type": "checking"}),
        ("C07", "0914006061918171614       37",
         {"routing": "091400606", "account": "1918171614", "type": "savings"}),
    ],
)  # fmt: skip
def test_E4_a_notification_of_change_says_what_to_write_on_file(
    code: str, written: str, corrected: dict[str, str]
) -> None:
    (found,) = read_returns([BATCH.replace("WEB", "COR"), entry(0, code=21), change(code, written)])
    assert isinstance(found, BankChange)
    assert (found.code, found.trace, found.corrected) == (code, "121042880000001", corrected)


@pytest.mark.parametrize("seed", range(30))
def test_F99_no_bytes_of_a_bank_ever_stop_the_reader(seed: int) -> None:
    rng = random.Random(seed)
    text = list("\n".join([*WHOLE, entry(), change("C01", "1")]))
    for _ in range(rng.randrange(1, 30)):
        text[rng.randrange(len(text))] = rng.choice("\n\r 0179ARé\x00")
    list(read_returns("".join(text)[: rng.randrange(1, len(text))].split("\n")))
    list(read_canadian_returns("".join(text).split("\n")))


def item(code: int = 901, amount: int = 4_500, key: str = "e0123456789abx1") -> str:
    return PAYMENT.write({
        "transaction_type": code, "amount": amount, "due_on": "026329", "institution": institution("815", "20001"),
        "account": "123456", "item_trace": 0, "stored_type": 470, "short_name": "", "name": "MARIE", "long_name": "",
        "originator": "", "cross_reference": key, "return_to": 0, "return_account": "", "sundry": "",
        "settlement": "", "invalid": 0,
    })  # fmt: skip


def record(kind: str, *segments: str, count: int = 2) -> str:
    start = START.write({"type": kind, "count": count, "originator": "YMCAQC0001", "creation_number": 7})
    return (start + "".join(segments)).ljust(WIDTH)


def test_F99_canadian_returns_are_read_several_to_a_record() -> None:
    lines = [record("J", item(), item(905, 900, "e9x1")), record("I", item(922, 50, "e8x1"), count=3)]
    found = [one for one in read_canadian_returns(lines) if isinstance(one, BankReturn)]
    assert [(one.code, one.amount, one.key, one.credit) for one in found] == [
        ("901", 4_500, "e0123456789abx1", False),
        ("905", 900, "e9x1", False),
        ("922", 50, "e8x1", True),
    ]
    assert found[0].rdfi == "081520001"


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("unknown_record", record("E", item())),
        ("bad_code", record("J", item(470))),
        ("bad_trace", record("J", item(key=""))),
        ("truncated", record("J", item())[: PREFIX + 100]),
        ("bad_amount", record("J", item().replace("0000004500", "      4500"))),
    ],
)
def test_F99_what_is_no_canadian_return_is_parked(why: str, line: str) -> None:
    (found,) = read_canadian_returns([line])
    assert isinstance(found, Unreadable)
    assert found.why == why


def test_F99_the_same_return_in_two_files_is_the_same() -> None:
    one, two = (list(read_returns(lines)) for lines in (WHOLE, WHOLE[2:4]))
    assert [found.mark for found in one] == [found.mark for found in two]
