"""What the API answers, as schemas: fields may be added, and what is not known is to be ignored."""

from typing import Any

from adapters.contract.commands import Document
from domain.action_item import ItemKind, ItemState

TEXT: Document = {"type": "string"}
MAYBE_TEXT: Document = {"type": ["string", "null"]}
AMOUNT: Document = {"type": "integer", "description": "In minor units of the organisation's currency."}
DAY: Document = {"type": "string", "format": "date"}
INSTANT: Document = {"type": "string", "format": "date-time"}
WORDS: Document = {
    "type": "object", "required": ["en", "fr"], "properties": {"en": TEXT, "fr": TEXT},
}  # fmt: skip


def thing(what: str, /, optional: str = "", **fields: Document) -> Document:
    """An object; all fields but the optional ones are always there."""
    return {
        "type": "object",
        "description": what,
        "required": [name for name in fields if name not in optional.split()],
        "properties": fields,
    }


def many(of: Document) -> Document:
    return {"type": "array", "items": of}


def one_of(*words: str) -> Document:
    return {"type": "string", "enum": list(words)}


ERROR = thing("Why a command was refused.", "quarantine", code=TEXT, message=WORDS, field=MAYBE_TEXT, quarantine=TEXT)
COMMAND = thing(
    "A command and what became of it.", "href result error", source=MAYBE_TEXT, id=MAYBE_TEXT,
    status=one_of("accepted", "done", "refused", "quarantined"), href=TEXT,
    result={"type": "object", "description": "Of a command that is done."},
    error={"$ref": "#/components/schemas/Error"},
)  # fmt: skip
PROBLEM = thing(
    "RFC 9457: what went wrong, in both languages.", "field source id detail", type=TEXT, title=TEXT,
    status={"type": "integer"}, code=TEXT, message=WORDS, field=TEXT, detail=TEXT, source=TEXT, id=TEXT,
)  # fmt: skip
LINE: dict[str, Any] = {"id": TEXT, "kind": TEXT, "on": DAY, "amount": AMOUNT, "description": TEXT}
BILLING = thing(
    "Both columns of a client's billing and its balances.", organisation=TEXT, client=TEXT, currency=TEXT,
    balance=AMOUNT, expected_balance=AMOUNT,
    revenue=many(thing("An invoice or a credit.", **LINE, reconciled=one_of("not", "partially", "fully", "planned"))),
    receipts=many(thing("Money that moved.", "reverses", **LINE, method=TEXT, state=TEXT, reverses=TEXT)),
    upcoming=many(thing("A planned payment.", instalment=TEXT, on=DAY, amount=AMOUNT, state=TEXT)),
)  # fmt: skip
ITEM = thing(
    "What a person has to look at.", item=TEXT, organisation=TEXT, kind=one_of(*ItemKind), state=one_of(*ItemState),
    client=TEXT, payment=TEXT, amount=AMOUNT, currency=TEXT,
    reason={"type": "object", "properties": {"code": TEXT, "class": TEXT, "text": WORDS}},
    attempts={"type": "integer"}, failed_at=INSTANT, retry_allowed={"type": "boolean"},
    history=many({"type": "object"}),
)  # fmt: skip
ITEMS = thing("A page, the oldest first.", items=many({"$ref": "#/components/schemas/Item"}), next=MAYBE_TEXT)

EVENT = thing(
    "What happened; the documents of `v1/events` say what `data` holds.", specversion=TEXT, id=TEXT, source=TEXT,
    type=TEXT, subject=TEXT, sequence={"type": "integer"}, time=INSTANT, organisation=TEXT, data={"type": "object"},
)  # fmt: skip
SCHEMAS: dict[str, Document] = {
    "Error": ERROR, "Command": COMMAND, "Commands": thing(
        "One answer for each envelope of a list, in its order.",
        commands=many({"$ref": "#/components/schemas/Command"}),
    ),
    "Problem": PROBLEM, "Billing": BILLING, "Item": ITEM, "Items": ITEMS,
    "Events": thing("In the order of their commits.", events=many(EVENT), next=MAYBE_TEXT, cursor=TEXT),
    "Status": thing("How the process is.", status=TEXT),
}  # fmt: skip


def schema(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def content(of: Document, media: str = "application/json", **more: Any) -> Document:
    return {"content": {media: {"schema": of, **more}}}
