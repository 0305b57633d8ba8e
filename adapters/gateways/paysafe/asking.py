"""Requests to Paysafe as bytes: its three APIs differ in their paths and names, and hardly in anything else."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from adapters.gateways.paysafe.terms import Terms
from domain.outcome import Charge, Debit, RefundOrder

PAGE = 50  # of a list: Paysafe's own most
LOOKED_BACK = 360  # days: Paysafe finds nothing that is older than a year
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,64}")  # Paysafe forbids some characters and we need none of them

# By the channel of the authorisation: how an ACH debit was agreed to.
_PAY_METHODS = {"web": "WEB", "phone": "TEL", "paper": "PPD"}


class Rail(NamedTuple):
    """One API: where it is, what it calls a charge and a refund, and whether a charge has a settlement beside it."""

    base: str
    charges: str
    refunds: str
    settles: bool


def card_rail(terms: Terms) -> Rail | None:
    if terms.api == "payments":
        return PAYMENTS
    return Rail(f"/cardpayments/v1/accounts/{terms.account}", "auths", "refunds", True) if terms.account else None


def debit_rail(terms: Terms) -> Rail | None:
    """A Direct Debit refund is a credit of its own, which nothing at Paysafe links to the debit."""
    if terms.api == "payments":
        return PAYMENTS
    if not terms.debit_account:
        return None
    return Rail(f"/directdebit/v1/accounts/{terms.debit_account}", "purchases", "standalonecredits", False)


PAYMENTS = Rail("/paymenthub/v1", "payments", "refunds", True)


class Asker:
    """Writes the requests of one merchant account. Holds its credentials: never shown, never logged."""

    def __init__(self, terms: Terms, *, authority: str, credentials: str) -> None:
        self._terms = terms
        encoded = base64.b64encode(credentials.encode()).decode("ascii")
        self._head = f"Host: {authority}\r\nAuthorization: Basic {encoded}\r\nAccept: application/json\r\n"

    def charge(self, rail: Rail, charge: Charge) -> bytes:
        """Captured at once; the card is on file and it is we who ask."""
        fields = self._money(charge.key, charge.amount_minor) | {
            "settleWithAuth": True,
            "storedCredential": {"type": "RECURRING", "occurrence": "SUBSEQUENT"},
        }
        if rail is PAYMENTS:
            fields |= {"currencyCode": charge.currency, "paymentHandleToken": charge.token}
            fields |= {"accountId": self._terms.account} if self._terms.account else {}
        else:
            fields["card"] = {"paymentToken": charge.token}
        return self._write("POST", f"{rail.base}/{rail.charges}", fields)

    def debit(self, rail: Rail, debit: Debit) -> bytes:
        fields = self._money(debit.key, debit.amount_minor)
        if rail is PAYMENTS:
            fields |= {
                "currencyCode": debit.currency,
                "paymentHandleToken": debit.token,
                "settleWithAuth": True,
            }
            fields |= {"accountId": self._terms.debit_account} if self._terms.debit_account else {}
        else:
            pay_method = _PAY_METHODS.get(str(debit.mandate.get("channel", "")), "WEB")
            fields[self._terms.scheme] = self._bank(debit.token, pay_method)
        return self._write("POST", f"{rail.base}/{rail.charges}", fields)

    def refund(self, rail: Rail, order: RefundOrder) -> bytes:
        fields = self._money(order.key, order.amount_minor)
        if rail.settles:
            return self._write("POST", f"{rail.base}/settlements/{quote(order.of_reference, safe='')}/refunds", fields)
        fields[self._terms.scheme] = self._bank(order.token, "PPD")  # a credit is PPD or CCD, whatever the debit was
        return self._write("POST", f"{rail.base}/{rail.refunds}", fields)

    def cancel(self, rail: Rail, reference: str) -> bytes:
        things = "settlements" if rail.settles else rail.charges
        return self._write("PUT", f"{rail.base}/{things}/{quote(reference, safe='')}", {"status": "CANCELLED"})

    def find(self, rail: Rail, things: str, key: str, *, today: date) -> bytes:
        """Of the last year: without a date Paysafe looks at the last thirty days only, and an e-check may come back,
        and a payment be refunded, long after."""
        since = today - timedelta(days=LOOKED_BACK)
        return self._get(f"{rail.base}/{things}", merchantRefNum=_key(key), startDate=f"{since}T00:00:00Z")

    def read(self, rail: Rail, things: str, reference: str) -> bytes:
        return self._get(f"{rail.base}/{things}/{quote(reference, safe='')}")

    def page(self, rail: Rail, things: str, on: date, offset: int) -> bytes:
        until = on + timedelta(days=1)
        dates = {"startDate": f"{on}T00:00:00Z", "endDate": f"{until}T00:00:00Z"}
        return self._get(f"{rail.base}/{things}", **dates, limit=str(PAGE), offset=str(offset))

    def _money(self, key: str, amount_minor: int) -> dict[str, Any]:
        return {"merchantRefNum": _key(key), "amount": amount_minor, "dupCheck": True}

    def _bank(self, token: str, pay_method: str) -> dict[str, str]:
        return {"paymentToken": token} | ({"payMethod": pay_method} if self._terms.scheme == "ach" else {})

    def _write(self, method: str, path: str, fields: Mapping[str, Any]) -> bytes:
        body = json.dumps(fields)
        return (
            f"{method} {path} HTTP/1.1\r\n{self._head}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode("ascii")

    def _get(self, path: str, **query: str) -> bytes:
        return f"GET {path}{'?' if query else ''}{urlencode(query)} HTTP/1.1\r\n{self._head}\r\n".encode("ascii")


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no merchantRefNum of ours")
    return key
