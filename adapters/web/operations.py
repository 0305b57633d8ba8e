"""The *Operations* of a client's billing: what each asks for, and the command that it sends.

Every one is a command like those of services, through the same inbox, so that the desk knows no rule of its own.
"""

from adapters.inbox.refusals import FieldMissing
from adapters.web.forms import MAX_LINES_TYPED, Typed, given
from adapters.web.operation import About, Data, Operation
from adapters.web.subscription_operations import SUBSCRIPTION_OPERATIONS

__all__ = ["OPERATIONS", "About", "Operation"]


def make_payment(typed: Typed) -> Data:
    how = typed.must("how")
    offline = how if how in ("cash", "cheque", "external") else None
    return given(
        amount=typed.must_money("amount"), invoice=typed.text("invoice"), payer=typed.text("payer"),
        comment=typed.text("comment"), use_credit=typed.ticked("use_credit"), offline=offline,
        payment_method=None if offline else how,
    )  # fmt: skip


def plan(typed: Typed) -> Data:
    bill = typed.desk.bills.get(typed.must("invoice"))
    how = typed.must("how")
    first = given(amount=typed.money("initial"), on=typed.day("initial_on") if typed.text("initial") else None)
    return given(
        invoice=typed.must("invoice"), total=bill.open if bill else 0, initial=first,
        offline="cheque" if how == "cheque" else None, payment_method=None if how == "cheque" else how,
        schedule={"every": typed.must("every"), "count": typed.number("count"), "from": typed.day("from")},
    )  # fmt: skip


def create_invoice(typed: Typed) -> Data:
    lines = []
    for number in range(1, MAX_LINES_TYPED + 1):
        description, amount = typed.text(f"description_{number}"), typed.money(f"amount_{number}")
        if not description and amount is None:
            continue
        if not description:
            raise FieldMissing(f"description_{number}")
        if amount is None:
            raise FieldMissing(f"amount_{number}")
        lines.append(
            given(
                line=f"l{number}", description=description, amount=amount, taxes=typed.taxes(f"taxes_{number}"),
                ledger_code=typed.text(f"ledger_code_{number}"),
            )
        )  # fmt: skip
    if not lines:
        raise FieldMissing("description_1")
    return given(lines=lines, origin="administrator", note=typed.text("note"))


def create_credit(typed: Typed) -> Data:
    return given(
        amount=typed.must_money("amount"), tax_mode=typed.must("tax_mode"), taxes=typed.taxes(),
        description=typed.text("description"), note=typed.text("note"),
    )  # fmt: skip


def cancel_purchase(typed: Typed) -> Data:
    how = typed.must("credit")
    credit: Data = {"full": True}
    if how == "percent":
        credit = {"percent": typed.percent("credit_percent")}
    elif how == "amount":
        credit = {"amount": typed.must_money("credit_amount")}
    penalty = given(amount=typed.money("penalty"), ledger_code=typed.text("penalty_code"))
    refunds = [
        {"payment": payment.id, "amount": amount}
        for payment in typed.desk.refundable
        if (amount := typed.money(f"refund_{payment.id}"))
    ]
    lines = typed.all("lines")
    if not lines:
        raise FieldMissing("lines")
    return given(
        invoice=typed.must("invoice"), lines=lines, credit=credit, penalty=penalty if "amount" in penalty else None,
        refunds=refunds,
    )  # fmt: skip


def replace_line(typed: Typed) -> Data:
    new = given(
        line=typed.must("new_line"), description=typed.must("description"), amount=typed.must_money("amount"),
        taxes=typed.taxes(), ledger_code=typed.text("ledger_code"),
    )  # fmt: skip
    return {"invoice": typed.must("invoice"), "line": typed.must("line"), "with": new}


def record_refund(typed: Typed) -> Data:
    return given(amount=typed.must_money("amount"), offline=typed.must("offline"), comment=typed.text("comment"))


def request_refund(typed: Typed) -> Data:
    seen = typed.text("seen_refundable")
    return given(payment=typed.must("payment"), amount=typed.must_money("amount")) | (
        {"seen_refundable": int(seen)} if seen.isdecimal() else {}
    )


def cancel_refund(typed: Typed) -> Data:
    return {"refund": typed.must("refund")}


def cancel_payment(typed: Typed) -> Data:
    return {"payment": typed.must("payment")}


def reconcile(typed: Typed) -> Data:
    return {}


def allocate(typed: Typed) -> Data:
    kind, _, source = typed.must("from").partition(":")
    invoice, _, line = typed.must("to").partition(":")
    return {
        "from": {kind: source}, "to": given(invoice=invoice, line=line), "amount": typed.must_money("amount"),
    }  # fmt: skip


def delete_allocation(typed: Typed) -> Data:
    return {"allocation": typed.must("allocation")}


def award(typed: Typed) -> Data:
    return given(fund=typed.must("fund"), amount=typed.must_money("amount"), invoice=typed.text("invoice"))


def change_upcoming(typed: Typed) -> Data:
    return given(
        instalments=typed.all("instalments"), date=typed.day("date"), amount=typed.money("amount"),
        payment_method=typed.text("payment_method"),
    )  # fmt: skip


def cancel_upcoming(typed: Typed) -> Data:
    return {"instalments": typed.all("instalments")}


def change_method(typed: Typed) -> Data:
    """Of all that are still to be charged: those by cheque are nobody's to charge."""
    return {
        "instalments": [one.id for one in typed.desk.planned if one.offline is None],
        "payment_method": typed.must("payment_method"),
    }


def cheque(typed: Typed) -> Data:
    return {"instalment": typed.must("instalment")}


A = About
# fmt: off
OPERATIONS: dict[str, Operation] = {one.name: one for one in (
    Operation(name="payment", act="payment.make", about=A.ACCOUNT, data=make_payment, makes=("payment", "pay_"),
              fields=("amount", "invoice", "how", "payer", "use_credit", "comment")),
    Operation(name="plan", act="instalment_plan.create", about=A.ACCOUNT, data=plan, makes=("plan", "pln_"),
              fields=("open_invoice", "how_planned", "schedule", "initial")),
    Operation(name="invoice", act="invoice.create", about=A.ACCOUNT, data=create_invoice, makes=("invoice", "inv_"),
              fields=("lines_typed", "note")),
    Operation(name="credit", act="credit.create", about=A.ACCOUNT, data=create_credit, makes=("credit", "crd_"),
              fields=("amount", "taxes", "tax_mode", "description", "note")),
    Operation(name="cancel-purchase", act="purchase.cancel", about=A.INVOICE, data=cancel_purchase,
              makes=("credit_note", "crd_"), fields=("chosen_lines", "credit_how", "penalty", "refunds")),
    Operation(name="replacement", act="purchase.replace", about=A.INVOICE, data=replace_line,
              fields=("chosen_line", "new_line", "description", "amount", "taxes", "ledger_code")),
    Operation(name="record-refund", act="refund.record", about=A.ACCOUNT, data=record_refund, makes=("refund", "ref_"),
              fields=("amount", "offline", "comment")),
    Operation(name="refund", act="refund.request", about=A.PAYMENT, data=request_refund, makes=("refund", "ref_"),
              fields=("refunded_payment", "amount"), of_client=False),
    Operation(name="cancel-refund", act="refund.cancel", about=A.REFUND, data=cancel_refund, fields=(),
              of_client=False),
    Operation(name="cancel-payment", act="payment.cancel", about=A.PAYMENT, data=cancel_payment, fields=(),
              of_client=False),
    Operation(name="reconcile", act="account.reconcile", about=A.ACCOUNT, data=reconcile, fields=()),
    Operation(name="allocate", act="allocation.create", about=A.ACCOUNT, data=allocate, makes=("allocation", "all_"),
              fields=("from", "to", "amount")),
    Operation(name="delete-allocation", act="allocation.delete", about=A.ALLOCATION, data=delete_allocation,
              fields=()),
    Operation(name="scholarship", act="scholarship.award", about=A.ACCOUNT, data=award,
              fields=("fund", "amount", "invoice")),
    Operation(name="change-upcoming", act="instalment.change", about=A.UPCOMING, data=change_upcoming,
              fields=("instalments", "date", "new_amount", "new_method"), of_client=False),
    Operation(name="cancel-upcoming", act="instalment.cancel", about=A.UPCOMING, data=cancel_upcoming,
              fields=("instalments",), of_client=False),
    Operation(name="change-method", act="instalment.change", about=A.UPCOMING, data=change_method,
              fields=("method",), of_client=False),
    Operation(name="deposit-cheque", act="instalment.deposit", about=A.UPCOMING, data=cheque, fields=(),
              of_client=False),
    Operation(name="bounce-cheque", act="instalment.bounce", about=A.UPCOMING, data=cheque, fields=(),
              of_client=False),
    *SUBSCRIPTION_OPERATIONS,
)}
# fmt: on
