"""Card numbers and secrets are found wherever they hide, and little else is (INV-19, F-124)."""

import random
from typing import Any

import pytest

from adapters.scrubbing import looks_like_card_number, scrub, scrub_text

CANARIES = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "4111\u20131111\u20131111\u20131111",
    "４１１１１１１１１１１１１１１１",
    "٤١١١١١١١١١١١١١١١",
    "5555555555554444",
    "378282246310005",
    "3782 822463 10005",
    "6011111111111117",
    "30569309025904",
    "3530111333300000",
    "4222222222222",
    "6304000000000000",
]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("around", ["{}", "card {} please", "x={};", "45 {}", "{} 12/27", "<{}>", "a{}b"])
def test_a_card_number_is_masked_wherever_it_stands(canary: str, around: str):
    text = around.format(canary)
    assert looks_like_card_number(text)
    assert canary not in scrub_text(text)
    assert "***" in scrub_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112", "pay_01a20c6d-d955-7680-a484-29c8e1b5b398", "2026-11-24T07:13:34.895201Z", "1764000000000",
        "e3k5t2abcdefgx1", "514-555-0199", "H2X 1Y4", "45.00", "41111111111111111111111111", "",
    ],
)  # fmt: skip
def test_what_is_no_card_number_is_left_alone(text: str):
    assert scrub_text(text) == text


def test_uuids_and_order_ids_are_hardly_ever_taken_for_card_numbers():
    dice = random.Random(7)
    ids = [f"ord-{dice.randrange(10**10)}-{dice.randrange(100)}" for _ in range(20_000)]
    assert sum(map(looks_like_card_number, ids)) < len(ids) / 1_000


@pytest.mark.parametrize(
    "name", ["token", "api_secret", "Password", "authorization", "Set_Cookie", "account", "access-token"]
)
def test_what_stands_under_a_secret_name_is_masked_at_any_depth(name: str):
    assert scrub({"a": [{"b": {name: "canary"}}]}) == {"a": [{"b": {name: "***"}}]}


@pytest.mark.parametrize(
    "text",
    [
        "token=canary9", "token: canary9", '{"token": "canary9"}', "{'password': 'canary9'}",
        "Authorization: Bearer canary9",
        "postgresql://user:canary9@host/db", "enc_canary9canary9canary9", "cookie=canary9; path=/",
    ],
)  # fmt: skip
def test_secrets_within_texts_are_masked(text: str):
    assert "canary9" not in scrub_text(text)


@pytest.mark.parametrize(
    "value", [4111111111111111, b"4111111111111111", ("4111111111111111",), {"4111111111111111": 1}]
)
def test_numbers_bytes_and_names_are_looked_at_too(value: Any):
    assert "4111111111111111" not in repr(scrub(value))


def test_nesting_without_end_is_cut():
    endless: list[Any] = []
    endless.append(endless)
    assert "***" in repr(scrub(endless))
