"""Requests to CardPointe as bytes: what is sent for a charge, an e-check, a refund, a void and each question."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from adapters.gateways.cardpointe.amounts import CURRENCIES, write_amount
from domain.outcome import Cancellation, Charge, Debit, RefundOrder

ROOT = "/cardconnect/rest"
MAX_ORDER_ID = 19  # of an e-check; a card's may be longer

_ORDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._-]{1,19}")
_PROFILE = re.compile(r"[0-9]{1,20}/[0-9]{0,4}")

# By the channel of the authorisation, from which ProfitStars chooses the entry class; the account type beside it.
_ECOMIND = {"web": "E", "phone": "T", "paper": "B"}
_ACCOUNT_TYPES = {"savings": "ESAV"}


class Asker:
    """Writes the requests of one merchant account. Holds its credentials: never shown, never logged."""

    def __init__(self, *, authority: str, merchant: str, credentials: str) -> None:
        self._merchant = merchant
        encoded = base64.b64encode(credentials.encode()).decode("ascii")
        self._head = f"Host: {authority}\r\nAuthorization: Basic {encoded}\r\nAccept: application/json\r\n"

    def charge(self, charge: Charge) -> bytes:
        fields = {
            **self._money(charge.key, charge.amount_minor, charge.currency),
            **_payer(charge.token),
            "capture": "Y",
            "ecomind": "R",
            "cof": "M",  # the card is on file and it is we who ask
            "cofscheduled": "Y",
        }
        if charge.expiry and "account" in fields:
            fields["expiry"] = charge.expiry.replace("-", "")
        return self._put("auth", fields)

    def debit(self, debit: Debit) -> bytes:
        fields = {
            **self._money(debit.key, debit.amount_minor, debit.currency),
            **_payer(debit.token),
            "accttype": _ACCOUNT_TYPES.get(debit.account_type, "ECHK"),
            "capture": "Y",
            "ecomind": _ECOMIND.get(str(debit.mandate.get("channel", "")), "E"),
        }
        if debit.holder:
            fields["name"] = debit.holder.encode("ascii", "replace").decode("ascii")[:30]
        return self._put("auth", fields)

    def refund(self, order: RefundOrder) -> bytes:
        amount = {"amount": write_amount(order.amount_minor)}
        return self._put(
            "refund", {"retref": order.of_reference, **amount, "orderid": order_id(order.key), "receipt": "Y"}
        )

    def void(self, cancellation: Cancellation) -> bytes:
        """In full; by our order id where CardPointe's number was never heard."""
        if cancellation.of_reference:
            return self._put("void", {"retref": cancellation.of_reference})
        return self._put("voidByOrderId", {"orderid": order_id(cancellation.of_key)})

    def inquire(self, retref: str) -> bytes:
        return self._get(f"inquire/{quote(retref, safe='')}/{self._merchant}")

    def inquire_by_order(self, key: str) -> bytes:
        return self._get(f"inquireByOrderid/{order_id(key)}/{self._merchant}/1")

    def settlement(self, on: date) -> bytes:
        """Never without a date: the bare form shows each batch once, and a crash would lose it."""
        return self._get("settlestat", merchid=self._merchant, date=f"{on:%m%d}")

    def funding(self, on: date) -> bytes:
        return self._get("funding", merchid=self._merchant, date=f"{on:%Y%m%d}")

    def _money(self, key: str, amount_minor: int, currency: str) -> dict[str, str]:
        """`receipt` makes the answer name our order id."""
        if currency not in CURRENCIES:
            raise ValueError(f"CardPointe is not asked for {currency}")
        return {"orderid": order_id(key), "amount": write_amount(amount_minor), "currency": currency, "receipt": "Y"}

    def _put(self, endpoint: str, fields: Mapping[str, str]) -> bytes:
        body = json.dumps({"merchid": self._merchant, **fields})
        return (
            f"PUT {ROOT}/{endpoint} HTTP/1.1\r\n{self._head}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode("ascii")

    def _get(self, path: str, **query: str) -> bytes:
        target = f"{ROOT}/{path}{'?' if query else ''}{urlencode(query)}"
        return f"GET {target} HTTP/1.1\r\n{self._head}\r\n".encode("ascii")


def order_id(key: str) -> str:
    """Our key as it is. Digits alone could pass for a card number, which CardPointe masks and then can't find."""
    if not _ORDER_ID.fullmatch(key):
        raise ValueError(f"{key!r} is no order id: a letter, and at most {MAX_ORDER_ID} characters")
    return key


def _payer(token: str) -> dict[str, str]:
    """A token of an account, or `profile/account`."""
    return {"profile": token} if _PROFILE.fullmatch(token) else {"account": token}
