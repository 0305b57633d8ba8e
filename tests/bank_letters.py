"""What banks lay down for us, written as they would: returns and changes of entries that we sent."""

from adapters.bank_files.cpa005_layout import PAYMENT, START, WIDTH
from adapters.bank_files.nacha_layout import ENTRY
from adapters.bank_files.nacha_layout import WIDTH as NACHA_WIDTH
from adapters.bank_files.nacha_returns import CHANGE, RETURN
from domain.bank_file import BankEntry


def returned(
    rail: str, entry: BankEntry, code: str, *, amount: int | None = None, trace: str | None = None,
    rdfi: str | None = None,
) -> list[str]:  # fmt: skip
    """The records of one return; whatever is given is not as it was sent."""
    amount = entry.amount if amount is None else amount
    rdfi = rdfi or entry.rdfi
    if rail == "cpa005":
        return [_canadian(entry, code, amount=amount, rdfi=rdfi, key=trace or entry.key)]
    detail = ENTRY.write({
        "code": 21 if entry.credit else 26, "rdfi": 9100001, "check_digit": 9, "account": "4001", "amount": amount,
        "individual_id": entry.key[:15], "name": "Somebody", "payment_type": "", "addenda": 1, "odfi": 9100001,
        "sequence": 1,
    })  # fmt: skip
    addenda = RETURN.write({
        "code": code, "trace": trace or entry.trace, "died_on": "", "rdfi": rdfi, "info": "",
        "own_trace": "091000017611242",
    })  # fmt: skip
    return [detail, addenda]


def changed(entry: BankEntry, code: str, corrected: str) -> list[str]:
    detail = ENTRY.write({
        "code": 26, "rdfi": 9100001, "check_digit": 9, "account": "4001", "amount": 0, "individual_id": entry.key[:15],
        "name": "Somebody", "payment_type": "", "addenda": 1, "odfi": 9100001, "sequence": 1,
    })  # fmt: skip
    addenda = CHANGE.write({
        "code": code, "trace": entry.trace, "rdfi": entry.rdfi, "corrected": corrected, "own_trace": "091000017611243"
    })  # fmt: skip
    return [detail, addenda]


def letter(*records: list[str]) -> str:
    return "\n".join(line for lines in records for line in lines) + "\n"


def garbage() -> list[str]:
    return ["this is no record of any bank".ljust(NACHA_WIDTH)]


def _canadian(entry: BankEntry, code: str, *, amount: int, rdfi: str, key: str) -> str:
    start = START.write({"type": "I" if entry.credit else "J", "count": 2, "originator": "815", "creation_number": 1})
    segment = PAYMENT.write({
        "transaction_type": int(code), "amount": amount, "due_on": "026330", "institution": int(rdfi),
        "account": "4001", "item_trace": 0, "stored_type": 470, "short_name": "", "name": "Somebody", "long_name": "",
        "originator": "", "cross_reference": key, "return_to": 0, "return_account": "", "sundry": "",
        "settlement": "", "invalid": 0,
    })  # fmt: skip
    return (start + segment).ljust(WIDTH)
