"""Bank files as services and commands read them."""

from typing import Any

from adapters.database.shown import instant_or_none
from domain.bank_file import BankFile


def file_told(file: BankFile) -> dict[str, Any]:
    return {
        "file": file.id, "organisation": file.organisation, "merchant_account": file.merchant_account,
        "batch": file.batch, "name": file.name, "number": file.number, "effective_on": file.effective_on.isoformat(),
        "count": file.count, "total": file.total, "currency": file.currency, "sha256": file.hash, "size": file.size,
        "state": file.state.value, "tries": file.tries, "why": file.why,
        "written_at": instant_or_none(file.written_at), "delivered_at": instant_or_none(file.delivered_at),
    }  # fmt: skip
