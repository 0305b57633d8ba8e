"""A batch of e-checks as services read it (E3), and the e-check of a payment (E1)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.echeck_world import EcheckWorld
from tests.web.office import Office
from tests.world import ORGANISATION

OWN = f"/v1/organisations/{ORGANISATION}"


@pytest.fixture
def bank(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    made = EcheckWorld(migrated_sqlite_url, tmp_path)
    made.club()
    yield made
    made.close()


def test_E3_a_batch_is_read_with_its_totals_and_page_by_page(bank: EcheckWorld):
    office = Office(bank)
    payments = [bank.by_echeck(amount=amount, client=f"c-{amount}") for amount in (1_000, 2_000, 4_000)]
    service = office.service()
    waiting = service.get(f"{OWN}/payments/{payments[0]}").json()
    assert (waiting["echeck"]["state"], waiting["echeck"]["batch"]) == ("pending", None)
    bank.evening()
    one = service.get(f"{OWN}/payments/{payments[0]}").json()
    assert one["echeck"]["state"] == "submitted"
    assert {"echeck.pending", "echeck.batched", "echeck.submitted"} <= {event["type"] for event in one["history"]}
    address = f"{OWN}/batches/{one['echeck']['batch']}"
    whole = service.get(address).json()
    assert (whole["state"], whole["count"], whole["total"], whole["states"], whole["next"]) == (
        "submitted", 3, 7_000, {"submitted": 3}, None,
    )  # fmt: skip
    assert {entry["payment"] for entry in whole["entries"]} == set(payments)
    first = service.get(f"{address}?limit=2").json()
    second = service.get(first["next"]).json()
    assert [*first["entries"], *second["entries"]] == whole["entries"]
    assert second["next"] is None
    assert service.get(f"{address}?after=zzz").status_code == 422
    bank.organisation("other")
    stranger = office.service("other")
    assert stranger.get(address).status_code == 404
    assert stranger.get(address.replace(ORGANISATION, "other")).status_code == 404


def test_a_card_payment_has_no_e_check(bank: EcheckWorld):
    bank.client()
    told = bank.pay(500, payment_method=bank.card(), payment="p-1")
    assert told is None  # the gateway's answer
    bank.settle_down()
    assert Office(bank).service().get(f"{OWN}/payments/p-1").json()["echeck"] is None
