"""Who a person is stands in the audit, for whoever may look there, and not in the log."""

import json
from typing import Any

from domain.event import Event
from tests.adapters.office import Office, register_administrator, register_client


def test_names_and_addresses_are_kept_in_the_audit_and_left_out_of_the_log(small_office: Office):
    logged: list[tuple[str, dict[str, Any]]] = []
    small_office.app.books.log = lambda event, /, **fields: logged.append((event, fields))
    card = {"token": "tok_approve", "kind": "card", "merchant_account": "main", "last4": "4242"}
    holder = {"organisation": "ymca", "client": "c-7", "payment_method": "pm-7", "holder": "Zoé Bélanger", **card}
    small_office.send(
        register_client("c-7", name="Zoé Bélanger", email="zoe@example.org"), register_administrator("ana"),
        {"specversion": "1.0", "id": "e-x", "source": "shop", "type": "encaisse.payment_method.register.v1",
         "data": holder},
    )  # fmt: skip
    told = json.dumps(logged, ensure_ascii=False, default=str)
    assert [event for event, _ in logged][:2] == ["client.registered", "administrator.registered"]
    assert "c-7" in told
    for word in ("Zoé", "zoe@example.org", "Ana", "ana@example.org"):
        assert word not in told
    with small_office.app.books.begin(read_only=True) as tx:
        [kept] = tx.all(Event, organisation="ymca", subject="client:c-7", type="client.registered")
    assert (kept.data["name"], kept.data["email"]) == ("Zoé Bélanger", "zoe@example.org")
