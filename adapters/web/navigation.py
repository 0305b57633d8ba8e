"""The links at the top of every page: where they lead, and who needs which permission to follow them."""

from collections.abc import Mapping
from typing import Any

from adapters.web.sessions import Person
from domain.permissions import Permission

# An address that pages below it share, its words, the permissions of which any one opens it.
LINKS: tuple[tuple[str, str, tuple[Permission, ...]], ...] = (
    ("/action-items", "web.center", (Permission.FAILED_PAYMENT,)),
    ("/clients", "web.clients", (Permission.BILLING, Permission.PAYMENT_PROCESSING, Permission.REFUND)),
    ("/reports", "web.reports", (Permission.REPORTS,)),
    ("/organisation", "web.organisation", (Permission.ADMINISTER, Permission.PAYMENT_PROCESSING, Permission.REPORTS)),
    ("/mailbox", "mail.box.title", (Permission.ADMINISTER,)),
)


def links(person: Person | None, path: str) -> list[Mapping[str, Any]]:
    """Those of a person, in order; `here` is whether the page at `path` lies below one."""
    if person is None:
        return []
    return [
        {"href": href, "words": words, "here": path == href or path.startswith(f"{href}/")}
        for href, words, needed in LINKS
        if any(person.administrator.may(one) for one in needed)
    ]
