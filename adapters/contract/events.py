"""Events to other services: each type, what it means and what its data says."""

from typing import Any

from adapters.contract.commands import DIALECT, Document

# fmt: off
FIELDS: dict[str, Document] = {
    "batch":          {"type": "string", "description": "The batch of e-checks that it went in."},
    "break":          {"type": "string", "description": "A difference between a processor's books and ours."},
    "on":             {"type": "string", "format": "date"},
    "amount":         {"type": "integer", "minimum": 0, "description": "Minor units of the organisation's currency."},
    "client":         {"type": "string"},
    "how":            {"enum": ["refund", "cancellation"], "description": "Refunded, or its charge cancelled."},
    "echeck":         {"type": "string", "description": "The presentment; its key at the processor or bank."},
    "expires":        {"type": "string", "description": "The month in which a card ends, as 2027-03."},
    "invoice":        {"type": "string"},
    "item":           {"type": "string", "description": "The action item."},
    "kind":           {"type": "string", "description": "What it is about, or what kind of it."},
    "key":            {"type": "string", "description": "Of the attempt: what the processor knows the charge by."},
    "late":           {"type": "boolean", "description": "After it had settled."},
    "lasted_s":       {"type": "integer", "minimum": 0, "description": "How long it did not answer."},
    "merchant_account": {"type": "string"},
    "method":         {"type": "string", "description": "`echeck` where it is a receipt that has not settled yet."},
    "misses":         {"type": "integer", "description": "Answers in a row without a usable one."},
    "network_code":   {"type": "string", "description": "As the processor said it."},
    "notification":   {"type": "string", "description": "The mail; its Message-ID begins with it."},
    "next_at":        {"type": "string", "format": "date-time", "description": "When it is tried again."},
    "offline":        {"type": ["string", "null"], "description": "Cash, cheque, external or scholarship."},
    "outcome":        {"enum": ["paid", "not_paid"]},
    "payment":        {"type": ["string", "null"]},
    "payment_method": {"type": "string"},
    "processor":      {"type": "string"},
    "reason":         {"type": "string", "description": "A code of the contract; or why, in a person's words."},
    "recipient":      {"type": "string", "description": "administrator:id, client:id, or address."},
    "reference":      {"type": "string", "description": "The processor's."},
    "refund":         {"type": "string"},
    "reopened":       {"type": "boolean"},
    "replaced":       {"type": ["string", "null"], "description": "The method that was on the payment before."},
    "retry_on":       {"type": ["string", "null"], "description": "The next day of the schedule."},
    "subscription":   {"type": "string"},
    "total":          {"type": "integer", "minimum": 0},
    "why":            {"type": "string", "description": "Why there is no verdict."},
}
PAID, HOW = "client payment amount", "reference key offline method"
CODES, OPENED = "network_code key", "amount reopened expires payment_method"
VERDICT, METHODS = "reason reference", "payment_method replaced"
CODE, LATE, REF = "network_code", "network_code late", "reference"
SENT = "refund reference"
ON_ITEM = "item client payment"
TOLD = "notification kind recipient"
PERIOD = "subscription invoice"
OF_BREAK, OF_IT = "break kind merchant_account on", "payment reference"
OF_ACCOUNT = "merchant_account processor"
OF_ECHECK = "client payment echeck amount"
# What happened; what the data always says; what it may say.
EVENTS: dict[str, tuple[str, str, str]] = {
    "payment.approved":           ("A payment was approved, or received offline.",      PAID, HOW),
    "payment.declined":           ("A payment was declined.",                           f"{PAID} reason", CODES),
    "payment.in_doubt":           ("Nobody knows whether it was made; a person decides.", f"{PAID} why", "key"),
    "payment.reversed":           ("A payment was taken back.",                         PAID, "offline reason"),
    "instalment.charged":         ("An instalment was paid.",                           PAID, HOW),
    "instalment.failed":          ("An instalment failed; an action item is open.",     f"{PAID} reason", CODES),
    "subscription.renewed":       ("The period of a subscription was paid.",            f"{PAID} {PERIOD}", HOW),
    "subscription.renewal_failed": ("Its charge failed; the invoice stays.",          f"{PAID} {PERIOD} reason", CODES),
    "action_item.opened":         ("A person has something to do.",                     f"{ON_ITEM} reason", OPENED),
    "action_item.retrying":       ("A retry was asked for.",                            ON_ITEM, METHODS),
    "action_item.retry_passed_over": ("An automatic retry was not allowed on its day.",  f"{ON_ITEM} why", "retry_on"),
    "action_item.resolved":       ("The item was settled by a payment.",                ON_ITEM, ""),
    "action_item.rejected":       ("A person closed the item; the debt stays.",         ON_ITEM, "reason"),
    "action_item.asked_again":    ("A payment in doubt is looked up now.",              ON_ITEM, ""),
    "action_item.still_in_doubt": ("The look-up found nothing new.",                    ON_ITEM, "why"),
    "action_item.settled":        ("A person said how a payment in doubt ended.",       f"{ON_ITEM} outcome", VERDICT),
    "invoice.created":            ("An invoice was posted.",                            "client invoice total", ""),
    "invoice.paid":               ("Nothing is open on an invoice any more.",           "client invoice total", ""),
    "echeck.batched":             ("An e-check is in the batch of its cut-off.",        f"{OF_ECHECK} batch", ""),
    "echeck.submitted":           ("The processor or bank has it.",                     f"{OF_ECHECK} batch {REF}", ""),
    "echeck.settled":             ("An e-check has settled; it may still come back.",   f"{OF_ECHECK} on", ""),
    "echeck.returned":            ("An e-check came back; its payment is reversed.",    f"{OF_ECHECK} on reason", LATE),
    "refund.submitted":           ("The processor took a refund on.",                   f"{PAID} {SENT}", "key how"),
    "refund.settled":             ("The money of a refund is back with the client.",    f"{PAID} refund on", ""),
    "refund.failed":              ("A refund failed; the money stays owed.",            f"{PAID} refund reason", CODE),
    "refund.cancelled":           ("A refund was called back, or never will be sent.",  f"{PAID} refund", "why"),
    "notification.sent":          ("A mail server took a mail.",                        TOLD, "client"),
    "breaker.opened":             ("A processor does not answer: nothing more is asked.", OF_ACCOUNT, "misses next_at"),
    "breaker.closed":             ("A processor answers again.",                        OF_ACCOUNT, "lasted_s"),
    "break.opened":               ("A processor's books and ours differ.",              OF_BREAK, OF_IT),
    "break.resolved":             ("A difference with a processor was looked into.",    f"{OF_BREAK} reason", OF_IT),
}
# fmt: on


def event_schemas() -> dict[str, Document]:
    """`payment.approved` -> the schema of the event as the stream, webhooks and `/v1/events` carry it."""
    return {type_: {"$schema": DIALECT, "$id": f"{type_}.json", **event_schema(type_)} for type_ in EVENTS}


def event_schema(type_: str) -> Document:
    """Fields may be added: what is not known is to be ignored."""
    what, always, perhaps = EVENTS[type_]
    data: dict[str, Any] = {
        "type": "object",
        "required": always.split(),
        "properties": {name: FIELDS[name] for name in (always + " " + perhaps).split()},
    }
    return {
        "title": type_,
        "description": what,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "sequence", "time", "organisation", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "The same event told twice has the same id."},
            "source": {"const": "encaisse"},
            "type": {"const": type_},
            "subject": {"type": "string", "description": "`kind:id` of what it happened to."},
            "sequence": {"type": "integer", "description": "Orders the events of one subject."},
            "time": {"type": "string", "format": "date-time"},
            "organisation": {"type": "string"},
            "data": data,
        },
    }
