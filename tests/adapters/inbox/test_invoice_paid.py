"""`invoice.paid`: told each time money leaves nothing open on an invoice."""

from typing import Any

from domain.event import Event
from tests.adapters.office import Office, create_invoice, create_plan, envelope, make_payment, register_card


def paid(office: Office) -> list[tuple[str, int]]:
    """(invoice, sequence) of every time that one was told to be paid."""
    with office.app.books.begin(read_only=True) as tx:
        told = tx.all(Event, type="invoice.paid", public=True)
    assert all(one.data == {"client": "c-1", "invoice": one.subject.split(":")[1], "total": 10_000} for one in told)
    return sorted((one.data["invoice"], one.sequence) for one in told)


def test_an_invoice_is_told_to_be_paid_when_nothing_is_open_on_it_and_again_when_it_was_opened(office: Office):
    office.send(create_invoice("inv-1", 6_000, 4_000), make_payment(6_000, payment_method="pm-1", invoice="inv-1"))
    assert paid(office) == []
    office.send(make_payment(4_000, payment="p-2", offline="cash", invoice="inv-1"))
    assert paid(office) == [("inv-1", 2)]
    office.send(envelope("payment.cancel", payment="p-2"), make_payment(5_000, offline="cheque"))
    assert paid(office) == [("inv-1", 2)]
    office.send(envelope("account.reconcile", client="c-1"))
    assert paid(office) == [("inv-1", 2), ("inv-1", 3)]
    office.send(
        create_invoice("inv-2", 4_000, 6_000), register_card("pm-2"),
        create_plan("pl-2", ["2026-01-01"], total=4_000, invoice="inv-2", lines=["l1"]),
        create_plan("pl-3", ["2026-01-01"], total=6_000, invoice="inv-2", lines=["l2"], payment_method="pm-2"),
    )  # fmt: skip
    assert paid(office)[2:] == [("inv-2", 2)]  # by two charges in one batch


def test_what_a_note_of_its_own_credited_was_not_paid(small_office: Office):
    def cancel(invoice: str, *lines: str) -> dict[str, Any]:
        return envelope("purchase.cancel", client="c-1", invoice=invoice, lines=list(lines), credit={"full": True})

    def pay(invoice: str, amount: int) -> dict[str, Any]:
        return make_payment(amount, offline="cash", invoice=invoice)

    small_office.send(create_invoice("inv-1", 6_000, 4_000), cancel("inv-1", "l1", "l2"))
    assert paid(small_office) == []
    small_office.send(create_invoice("inv-2", 6_000, 4_000), cancel("inv-2", "l2"), pay("inv-2", 6_000))
    assert paid(small_office) == [("inv-2", 2)]
    small_office.send(create_invoice("inv-3", 6_000, 4_000), pay("inv-3", 10_000), cancel("inv-3", "l2"))
    assert paid(small_office) == [("inv-2", 2), ("inv-3", 2)]
