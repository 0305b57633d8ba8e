"""`encaisse reconcile`, `breaks`, `resolve-break`, and a night that meets an outage, as scripts see them."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Encaisse
from tests.adapters.office import create_invoice, create_plan, register_card, register_client, register_organisation


@pytest.fixture
def charged(encaisse: Encaisse) -> str:
    """An instalment that was due long ago and is charged at once; answers the processor's date of it."""
    commands = [
        register_organisation(), register_client(), register_card("pm-1"), create_invoice("inv-1", 10_000),
        create_plan("plan-1", ["2020-01-01"], total=10_000),
    ]  # fmt: skip
    assert encaisse("send", "-", commands=commands).code == 0
    return datetime.now(UTC).date().isoformat()


def test_books_that_agree(encaisse: Encaisse, charged: str):
    ran = encaisse("reconcile", "--date", charged, "--json")
    assert ran.code == 0, ran.err
    assert (ran.one["status"], ran.one["listed"], ran.one["breaks"]) == ("compared", 1, [])
    assert encaisse("breaks", "--json").out == ""
    assert encaisse("reconcile").code == 2
    assert encaisse("reconcile", "--date", "yesterday").code == 2


def test_a_break_is_an_item_in_doubt_and_closes_with_a_reason(encaisse: Encaisse, charged: str, tmp_path: Path):
    (tmp_path / "journal.jsonl").write_text("")  # the processor has lost its book
    (first,) = encaisse("reconcile", "--date", charged, "--json").one["breaks"]
    (found,) = encaisse("reconcile", "--date", charged, "--json").one["breaks"]
    assert found == first
    assert (found["kind"], found["amount_here"], found["amount_there"]) == ("missing_there", 10_000, None)
    assert [one["break"] for one in encaisse("breaks", "--json").lines] == [found["break"]]
    item = encaisse("items", "--json").one
    assert (item["kind"], item["of"], item["payment"], item["reason"]["code"]) == (
        "in_doubt", "instalment", found["payment"], "missing_there",
    )  # fmt: skip
    assert item["retry_allowed"] is False
    assert encaisse("retry", item["item"], "--json").one["error"]["code"] == "in_doubt"
    assert encaisse("resolve-break", found["break"], "--reason", " ").code == 1
    assert encaisse("resolve-break", found["break"], "--reason", "they found it").code == 0
    assert encaisse("items", "--json").out == ""
    assert encaisse("check", "--json").one["ok"] is True


def test_an_outage_leaves_charges_waiting_and_the_night_says_so(encaisse: Encaisse):
    """The simulator's address answers nobody."""
    many = [
        register_organisation(merchant_accounts=[
            {"id": "main", "processor": "simulator", "kinds": ["card"], "settings": {"concurrency": 20}}
        ])
    ]  # fmt: skip
    for number in range(60):
        name = f"c-{number}"
        many += [
            register_client(name), register_card(f"pm-{number}", client=name),
            create_invoice(f"inv-{number}", 1_000, client=name),
            create_plan(f"plan-{number}", ["2027-01-04"], total=1_000, client=name, invoice=f"inv-{number}",
                        payment_method=f"pm-{number}"),
        ]  # fmt: skip
    assert encaisse("send", "-", commands=many).code == 0
    with socket.socket() as taken:  # bound and not listening: whoever knocks is turned away
        taken.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
        night = encaisse("night", "--json", "--now", "2027-01-04T12:00:00Z", ENCAISSE_SIMULATOR_URL=gone)
    assert (night.code, night.one["charged"]) == (0, 0)
    assert "40 charges wait" in night.err
    assert encaisse("items", "--json").out == ""
    later = encaisse("night", "--json", "--now", "2027-01-04T14:00:00Z")
    assert (later.code, later.one["charged"]) == (0, 60), later.err
    assert encaisse("items", "--json").out == ""
