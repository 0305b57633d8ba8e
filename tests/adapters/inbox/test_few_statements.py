"""A list of commands is carried out with few statements, however long it is: what makes 1,000 a second possible."""

from collections import Counter

import pytest
from sqlalchemy import event

from tests.adapters.office import Office, create_invoice, envelope, make_payment, register_client

LIST = 150
OF_A_BATCH = 60  # each kind of thing once to read and once to write, and what finds the work


def clients() -> list[dict[str, object]]:
    return [register_client(f"f-{number}") for number in range(LIST)]


def invoices() -> list[dict[str, object]]:
    return [create_invoice(f"in-{number}") for number in range(LIST)]


def payments() -> list[dict[str, object]]:
    return [make_payment(100, payment=f"p-{number}", offline="cash") for number in range(LIST)]


def purchases() -> list[dict[str, object]]:
    return [
        command
        for number in range(LIST // 4)
        for command in (
            register_client(f"f-{number}"), create_invoice(f"in-{number}", client=f"f-{number}"),
            make_payment(500, client=f"f-{number}", payment=f"p-{number}", offline="cash", invoice=f"in-{number}"),
            envelope("credit.create", client=f"f-{number}", credit=f"cr-{number}", amount=500, tax_mode="waived"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("listed", [clients, invoices, payments, purchases])
def test_a_list_of_commands_takes_few_statements(small_office: Office, listed):
    small_office.accept_all(*listed())
    said: Counter[str] = Counter()
    event.listen(small_office.app.engine, "before_cursor_execute", lambda _c, _u, sql, *_: said.update([sql[:100]]))
    small_office.work()
    assert small_office.scalar("SELECT count(*) FROM commands WHERE status <> 'done'") == 0
    assert said.total() <= OF_A_BATCH * 2, said.most_common(5)
