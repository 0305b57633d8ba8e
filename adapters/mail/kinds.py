"""Kinds of payments and methods as a mail calls them."""

from collections.abc import Mapping
from typing import Any

from adapters.wording import BRANDS, DOTS, Wording


def called(w: Wording, kind: str, of: str) -> str:
    """What failed: "Instalment"; one in doubt is called by what it is about, and that it is in doubt."""
    name = w.either(f"web.kind.{of if kind == 'in_doubt' else kind}", "web.kind.payment")
    return w("mail.in_doubt", kind=name) if kind == "in_doubt" else name


def paid_by(w: Wording, method: Mapping[str, Any]) -> str:
    """Visa ••4242, cash, or nothing where nobody knows."""
    if method.get("offline"):
        return w.either(f"mail.offline.{method['offline']}", "mail.offline.other")
    if not method.get("kind"):
        return ""
    named = str(method.get("brand", ""))
    brand = BRANDS.get(named.lower(), named) or w(f"web.method.{method['kind']}")
    return f"{brand} {DOTS}{method['last4']}" if method.get("last4") else brand
