"""What the Payment Action Center shows of an item (A1, A2, A7)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.database.items import cursor_of, find_items
from domain.action_item import ItemState
from domain.use_cases.act_on_item import reject_item, retry_item
from tests.world import ORGANISATION, World, world


@pytest.fixture
def past(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    """An organisation with three failures of a night: no funds, a lost card, no answer at all."""
    with world(migrated_url, tmp_path) as told:
        told.organisation()
        told.administrator()
        told.owing("tok_insufficient_funds", 5_000, client="c-1")
        told.owing("tok_lost_card", 6_000, client="c-2")
        told.owing("tok_timeout_before_charge", 7_000, client="c-3")
        told.owing("tok_approve", 8_000, client="c-4")
        told.night()
        told.climb()
        yield told


def test_a2_an_item_says_what_failed_for_whom_and_what_to_do_next(past: World):
    with past.books.begin(read_only=True) as tx:
        items = {item["client"]: item for item in find_items(tx)}
    funds, lost, doubt = items["c-1"], items["c-2"], items["c-3"]
    assert (funds["kind"], funds["amount"], funds["client_name"]) == ("instalment", 5_000, "Client c-1")
    assert funds["method"]["brand"] == "visa"
    assert funds["method"]["last4"] == "4242"
    assert "token" not in funds["method"]
    assert (funds["retry_allowed"], funds["retry_refusal"]) == (True, None)
    assert (lost["retry_allowed"], lost["retry_refusal"]) == (False, "new_method_needed")
    assert (doubt["kind"], doubt["of"], doubt["retry_refusal"]) == ("in_doubt", "instalment", "in_doubt")
    assert doubt["reason"]["next"]["fr"].startswith("Vérifier chez le processeur")


def test_a2_the_history_of_an_item_and_its_payment_is_told_in_order(past: World):
    item = past.item(past.items(client="c-1")[0].payment)
    past.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="marie"))
    past.work()
    with past.books.begin(read_only=True) as tx:
        [told] = find_items(tx, item=item.id)
    types = [one["type"] for one in told["history"]]
    assert types == [
        "instalment.failed",
        "action_item.opened",
        "action_item.retrying",
        "instalment.failed",
        "action_item.opened",
    ]
    assert [one["by"] for one in told["history"]][2] == "marie"
    assert [one["at"] for one in told["history"]] == sorted(one["at"] for one in told["history"])
    assert told["attempts"] == 2


def test_a7_items_are_filtered_by_state_kind_and_organisation(past: World):
    item = past.items(client="c-2")[0]
    past.books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=item.id, by="marie", reason="moved"))
    with past.books.begin(read_only=True) as tx:
        assert [found["client"] for found in find_items(tx, states=[ItemState.REJECTED])] == ["c-2"]
        assert [found["client"] for found in find_items(tx, kind="in_doubt")] == ["c-3"]
        assert find_items(tx, organisation="stranger") == []
        assert len(find_items(tx)) == 2


def test_pages_of_items_follow_each_other_without_gap_or_repeat(past: World):
    seen, after = [], None
    with past.books.begin(read_only=True) as tx:
        while page := find_items(tx, limit=1, after=after):
            seen += [item["item"] for item in page]
            after = cursor_of(page[-1])
        assert seen == [item["item"] for item in find_items(tx)]
    assert len(seen) == 3
