"""CPA-005 files: a strict reader written from the facts, round trips, and what a bank would refuse."""

import random
from dataclasses import replace

import pytest

from adapters.bank_files.cpa005_layout import WIDTH
from adapters.bank_files.cpa005_reader import read_cpa005
from adapters.bank_files.fixed import BadFile, plain
from tests.adapters.bank_files.samples import canadian_entries, canadian_file


def made(count: int, seed: int = 1, number: int = 1) -> bytes:
    return canadian_file(list(canadian_entries(count, random.Random(seed))), number=number)


@pytest.mark.parametrize("count", [1, 10, 10_000])
def test_E3_random_files_pass_the_strict_reader_and_come_back_equal(count: int) -> None:
    rows = list(canadian_entries(count, random.Random(count)))
    found = read_cpa005(canadian_file(rows, number=42).decode("ascii").splitlines())
    assert found.header["creation_number"] == 42
    assert found.entries == [replace(row, name=plain(row.name, 30).upper()) for row in rows]
    assert found.trailer["debit"] == sum(row.amount for row in rows if not row.credit)
    assert found.trailer["debits"] + found.trailer["credits"] == count


def test_E3_every_record_has_1464_characters_upper_case_and_no_accents() -> None:
    lines = made(20).decode("ascii").split("\r\n")
    assert lines.pop() == ""
    assert {len(line) for line in lines} == {WIDTH}
    assert any("YMCA DE QUEBEC ET LEVIS" in line for line in lines)
    assert any("OEUVRE UNAL" in line for line in lines)
    assert [line[0] for line in lines] == ["A", *(line[0] for line in lines[1:-1]), "Z"]


def test_E3_the_trailer_counts_payments_and_the_file_says_its_day_of_the_year() -> None:
    lines = made(7).decode("ascii").splitlines()
    assert lines[0][24:30] == "026328"
    assert lines[-1][38:46] == "00000006"
    assert lines[-1][60:68] == "00000001"


def test_E3_the_same_values_make_the_same_bytes() -> None:
    assert made(30) == made(30)


@pytest.mark.parametrize("number", [0, 10_000])
def test_E3_a_creation_number_is_of_four_digits(number: int) -> None:
    with pytest.raises(BadFile, match="creation_number"):
        made(1, number=number)


def changed(lines: list[str], line: int, at: int, text: str) -> list[str]:
    """`at` counts from 1, as the standard does."""
    old = lines[line]
    return [*lines[:line], old[: at - 1] + text + old[at - 1 + len(text) :], *lines[line + 1 :]]


@pytest.mark.parametrize(
    ("line", "at", "text"),
    [
        (0, 1, "B"), (0, 2, "000000002"), (0, 21, "0000"), (0, 25, "126328"), (0, 25, "026399"), (0, 56, "EUR"),
        (1, 1, "X"), (1, 2, "000000009"), (1, 11, "SOMEONE"), (1, 21, "0007"), (1, 28, "0000000000"),
        (1, 38, "999999"), (1, 44, "900000000"), (1, 53, "            "), (1, 53, "12-4"), (1, 105, "é"),
        (1, 105, "ymca"), (1, 265, "470"), (1, 230, "X"), (-1, 25, "00000000000001"), (-1, 39, "00000099"),
    ],
)  # fmt: skip
def test_E3_a_single_fault_never_passes_the_strict_reader(line: int, at: int, text: str) -> None:
    lines = made(3).decode("ascii").splitlines()
    place = line % len(lines)
    with pytest.raises(BadFile):
        read_cpa005(changed(lines, place, at, text))


@pytest.mark.parametrize("fault", ["cut", "lost", "more", "short"])
def test_E3_a_broken_structure_never_passes(fault: str) -> None:
    lines = made(3).decode("ascii").splitlines()
    broken = {
        "cut": lines[:-1],
        "lost": [lines[0], *lines[2:]],
        "more": [*lines, lines[-1]],
        "short": [lines[0][:-1], *lines[1:]],
    }[fault]
    with pytest.raises(BadFile):
        read_cpa005(broken)
