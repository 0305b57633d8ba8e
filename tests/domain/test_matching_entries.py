"""Which entry a bank means: all that it repeats has to agree, the newest of those that do (F-99)."""

from typing import Any

import pytest

from domain.bank_account import BankAccount
from domain.bank_file import BankEntry
from domain.bank_return import BankChange, BankReturn
from domain.matching_entries import NoMatch, corrected, match

ENTRY: dict[str, Any] = {
    "organisation": "ymca", "key": "abcdefghijklmx1", "merchant_account": "main", "file": "bf_1", "credit": False,
    "trace": "091000010000001", "rdfi": "09140060", "amount": 4_500,
}  # fmt: skip
SAID: dict[str, Any] = {
    "code": "R01", "amount": 4_500, "trace": "091000010000001", "rdfi": "09140060", "key": "abcdefghijklmx1",
}  # fmt: skip


def found(*entries: BankEntry, **said: Any) -> BankEntry:
    return match(BankReturn(**SAID | said), entries)


def test_F99_all_that_the_bank_repeats_has_to_agree() -> None:
    entry = BankEntry(**ENTRY)
    assert found(entry) is entry
    assert found(entry, key="ABCDEFGHIJKLMX1") is entry
    assert found(entry, key="") is entry
    for wrong in ({"amount": 4_501}, {"rdfi": "09140061"}, {"key": "another"}, {"credit": True}):
        with pytest.raises(NoMatch, match="mismatch"):
            found(entry, **wrong)
    with pytest.raises(NoMatch, match="not_known"):
        found()


def test_F99_of_two_with_the_same_trace_it_is_the_newest_that_agrees() -> None:
    old, new = BankEntry(**ENTRY), BankEntry(**ENTRY | {"file": "bf_2", "key": "nopqrstuvwxyzx1"})
    assert found(old, new, key="") is new
    assert found(old, new) is old


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"account": "998877"}, ("122000247", "998877", "checking")),
        ({"routing": "091000019", "type": "savings"}, ("091000019", "1234", "savings")),
        ({"routing": "091000018"}, None),
        ({"account": "12 34"}, None),
        ({"account": "1" * 18}, None),
    ],
)
def test_E4_a_correction_makes_an_account_or_is_parked(said: dict[str, str], wanted: tuple[str, ...] | None) -> None:
    bank = BankAccount(account="1234", routing="122000247", type="checking")
    change = BankChange(code="C01", trace="", rdfi="", corrected=said)
    if wanted is None:
        with pytest.raises(NoMatch, match="wrong_data"):
            corrected(bank, change)
        return
    after, _ = corrected(bank, change)
    assert (after.routing, after.account, after.type) == wanted
