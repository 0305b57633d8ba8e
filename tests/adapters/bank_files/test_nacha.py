"""NACHA files: what an independent validator says, round trips, and every single fault found by the strict reader."""

import random
from dataclasses import replace
from datetime import date

import pytest
from achlens.core.validator import validate
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bank_files.fixed import BadFile, plain
from adapters.bank_files.nacha_layout import RETRY, WIDTH
from adapters.bank_files.nacha_reader import read_nacha
from adapters.bank_files.nacha_writer import NachaBatch, NachaEntry
from domain.banking_days import CALENDARS
from tests.adapters.bank_files.samples import BANK, entries, nacha_batches, nacha_file
from tests.bench.bank_files import measure

# The calendar of achlens 0.1.7 is wrong on these two days (it lacks the first and has the second closed).
WRONG_IN_ACHLENS = {date(2027, 7, 5), date(2028, 11, 10)}


def judged(written: bytes) -> None:
    """No error and no warning, but for TEL, which achlens 0.1.7 says that it does not know yet."""
    text = written.decode("ascii")
    found = validate(text)
    assert found.valid, found.findings[:5]
    lines = text.splitlines()
    told = [
        one for one in found.findings if not (one.rule_id == "BH004" and lines[one.line_number - 1][50:53] == "TEL")
    ]
    assert not told, told[:5]


@pytest.mark.parametrize("count", [1, 10, 10_000])
def test_E3_random_files_pass_an_independent_validator_without_error_or_warning(count: int) -> None:
    judged(nacha_file(nacha_batches(count, seed=count)))


@pytest.mark.parametrize("count", [1, 9, 10, 11, 400])
def test_E3_a_round_trip_is_equal(count: int) -> None:
    batches = nacha_batches(count, seed=count)
    found = read_nacha(nacha_file(batches).decode("ascii").splitlines())
    assert [batch.header["sec"] for batch in found.batches] == [batch.sec for batch in batches]
    assert [batch.header["description"] for batch in found.batches] == [batch.description for batch in batches]
    for read, written in zip(found.batches, batches, strict=True):
        assert read.entries == [replace(entry, name=plain(entry.name, 22)) for entry in written.entries]
    written_total = sum(entry.amount for batch in batches for entry in batch.entries)
    assert (found.control["entries"], found.control["debit"]) == (count, written_total)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_E3_any_file_passes_both_readers(seed: int, count: int) -> None:
    written = nacha_file(nacha_batches(count, seed=seed))
    judged(written)
    assert read_nacha(written.decode("ascii").splitlines()).control["entries"] == count


def test_E3_the_same_values_make_the_same_bytes() -> None:
    assert nacha_file(nacha_batches(50, seed=7)) == nacha_file(nacha_batches(50, seed=7))


def test_E3_every_effective_date_of_five_years_passes_but_two_that_the_validator_has_wrong() -> None:
    complained = set()
    for day in CALENDARS["US"].between(date(2025, 12, 31), date(2028, 12, 31)):
        found = validate(nacha_file(nacha_batches(1, seed=1, effective_on=day)).decode("ascii"))
        if not found.valid or found.counts["warning"]:
            complained.add(day)
    assert complained <= WRONG_IN_ACHLENS


def test_E3_prenotes_are_of_zero_dollars_and_live_entries_are_not() -> None:
    rows = list(entries(10, random.Random(3), prenotes=True))
    batch = NachaBatch(sec="WEB", description="RECFEE", effective_on=date(2026, 11, 25), entries=rows)
    written = nacha_file([batch])
    judged(written)
    found = read_nacha(written.decode("ascii").splitlines()).batches[0].entries
    assert {entry.code for entry in found if not entry.amount} <= {28, 38}
    zero = replace(rows[1], amount=0)
    with pytest.raises(BadFile, match="amount"):
        read_nacha(nacha_file([replace(batch, entries=[zero])]).decode().splitlines())


def test_E6_a_re_presentment_says_retry_pymt_to_the_letter() -> None:
    assert RETRY == "RETRY PYMT"
    assert b"WEBRETRY PYMT" in nacha_file(nacha_batches(5, seed=1))


def test_E3_the_hash_is_cut_to_its_last_ten_digits() -> None:
    rows = [
        NachaEntry(code=27, routing="091400606", account="1", amount=1, individual_id="k", name="n",
                   payment_type="S", sequence=number)
        for number in range(1, 2001)
    ]  # fmt: skip
    batch = NachaBatch(sec="WEB", description="RECFEE", effective_on=date(2026, 11, 25), entries=rows)
    found = read_nacha(nacha_file([batch]).decode().splitlines())
    assert found.control["hash"] == 2000 * 9_140_060 % 10**10


def test_E3_a_bank_that_wants_crlf_gets_it_and_a_name_never_breaks_a_line() -> None:
    bank = replace(BANK, line_end="\r\n")
    rows = [replace(next(entries(1, random.Random(1))), name="Jo\r\n6hn\tDoe\x00")]
    batch = NachaBatch(sec="WEB", description="RECFEE", effective_on=date(2026, 11, 25), entries=rows)
    written = nacha_file([batch], bank=bank)
    assert written.count(b"\r\n") == 10
    assert read_nacha(written.decode().splitlines()).batches[0].entries[0].name == "Jo6hnDoe"


@pytest.mark.parametrize("seed", range(60))
def test_E3_a_single_changed_character_never_passes_the_strict_reader(seed: int) -> None:
    """Money and who pays it are covered by totals, hashes and check digits; free texts by their alphabet."""
    rng = random.Random(seed)
    lines = nacha_file(nacha_batches(6, seed=seed)).decode().splitlines()
    place = rng.randrange(len(lines))
    guarded = {"6": [*range(12), *range(29, 39), *range(78, 87)], "5": [*range(1, 4), 50, *range(79, 94)]}
    at = rng.choice(guarded.get(lines[place][0], range(38, 40) if lines[place][0] == "1" else range(44)))
    old = lines[place][at]
    new = rng.choice([letter for letter in "0123456789X" if letter != old])
    lines[place] = lines[place][:at] + new + lines[place][at + 1 :]
    with pytest.raises(BadFile):
        read_nacha(lines)


@pytest.mark.parametrize("fault", ["cut", "swapped", "repeated", "unpadded", "short"])
def test_E3_a_broken_structure_never_passes(fault: str) -> None:
    lines = nacha_file(nacha_batches(6, seed=5)).decode().splitlines()
    broken = {
        "cut": lines[:5],
        "swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "repeated": [*lines[:3], lines[2], *lines[3:]],
        "unpadded": lines[:-1],
        "short": [*lines[:2], lines[2][: WIDTH - 1], *lines[3:]],
    }[fault]
    with pytest.raises(BadFile):
        read_nacha(broken)


@pytest.mark.parametrize("rule", ["mixed_batch", "traces_not_ascending", "empty_batch", "too_wide"])
def test_E3_the_writer_refuses_what_the_operator_would_reject(rule: str) -> None:
    one, two = list(entries(2, random.Random(1)))
    rows = {
        "mixed_batch": [one, replace(two, code=22)],
        "traces_not_ascending": [two, one],
        "empty_batch": [],
        "too_wide": [replace(one, amount=10**10)],
    }[rule]
    with pytest.raises(BadFile, match=rule):
        nacha_file([NachaBatch(sec="WEB", description="RECFEE", effective_on=date(2026, 11, 25), entries=rows)])


@pytest.mark.soak
@pytest.mark.parametrize("rail", ["nacha", "cpa005"])
def test_E3_a_hundred_thousand_entries_in_five_seconds_and_a_hundred_megabytes(rail: str) -> None:
    found = measure(rail, 100_000)
    print(found)
    assert found.seconds < 5
    assert found.peak_mb < 100
