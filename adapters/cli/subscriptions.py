"""Subscriptions in a terminal: the terms of one, or of all of a client, with the next twelve charges."""

from typing import Any

from adapters.bootstrap import App
from adapters.cli import show
from adapters.database.subscriptions_told import subscriptions_of
from adapters.locale import say


def show_subscriptions(app: App, organisation: str, client: str, *, as_json: bool, language: str) -> None:
    """Raises NotKnown."""
    with app.books.begin(read_only=True) as tx:
        found = subscriptions_of(tx, organisation, client)
    if as_json:
        show.document(found)
        return
    for one in found["subscriptions"]:
        _draw(one, language)
    if not found["subscriptions"]:
        show.line(say("cli.no_subscription", language))


def _draw(one: dict[str, Any], language: str) -> None:
    state = say(f"subscription.state.{one['state']}", language)
    title = f"{one['description']} ({one['subscription']})  {state}"
    date, amount, method = (say(f"cli.{name}", language) for name in ("date", "amount", "payment_method"))
    rows = [
        [charge["on"], charge["payment_method"] or "–", show.amount(charge["amount"], one["currency"], language)]
        for charge in one["charges"]
    ]
    show.table(title, [date, method, amount], rows, right=(2,))
