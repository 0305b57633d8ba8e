"""What tests of ways in share: an office whose Luc has a password, and browsers that try."""

from typing import Any

from adapters.database.vault import Vault
from adapters.web import passwords
from domain.event import Event
from domain.people import Administrator
from tests.web.browser import Browser
from tests.web.office import Office
from tests.world import ORGANISATION

ROOT = "a root of at least thirty-two characters"
GOOD = "correct horse battery"
OTHER = "quiet lake, early morning"


def furnish(small_office: Office) -> Office:
    """Luc has a password; the books can seal."""
    small_office.world.books.vault = Vault((ROOT,))
    keep(small_office, "luc", GOOD)
    return small_office


def keep(office: Office, who: str, password: str, organisation: str = ORGANISATION) -> None:
    hash = passwords.hashed(password)
    office.world.books.run(
        lambda tx: passwords.keep(tx, tx.get(Administrator, organisation=organisation, id=who), hash)
    )


def try_password(office: Office, password: str = GOOD, email: str = "luc@example.org") -> Browser:
    browser = office.browser()
    browser.open("/action-items")
    browser.press("Sign in", email=email, password=password)
    return browser


def things(office: Office, thing: type, **key: Any) -> list[Any]:
    return office.world.books.run(lambda tx: tx.all(thing, **key))


def events(office: Office) -> list[str]:
    return [one.type for one in things(office, Event, subject="administrator:luc", order_by="id")]
