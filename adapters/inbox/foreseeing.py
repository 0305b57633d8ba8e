"""Foreseeing: what accepted commands name, so that it can be read for all of them at once."""

from collections.abc import Iterable

from adapters.database.foresight import Foresight
from adapters.inbox.handlers import MAKES
from adapters.inbox.schemas import act_of
from domain.command import Command, Identity
from domain.credit import Credit
from domain.invoice import Invoice
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Administrator, Client

# The field of a command's data, and what it names; anything else is read when it is needed.
NAMED: dict[str, type] = {
    "client": Client,
    "payment_method": PaymentMethod,
    "merchant_account": MerchantAccount,
    "administrator": Administrator,
    "by": Administrator,
    "invoice": Invoice,
    "payment": Payment,
    "credit": Credit,
}
ON_PLANS = ("payment.make", "instalment_plan.create")  # they look for the client's plans and planned payments


def foresee(commands: Iterable[Command]) -> Foresight:
    """What they will ask for, as far as their data says."""
    seen = Foresight()
    for command in commands:
        organisation, body, act = command.organisation, command.body, act_of(command.type)
        seen.named[Organisation].add((organisation,))
        for name, thing in NAMED.items():
            if isinstance(body.get(name), str):
                seen.named[thing].add((organisation, body[name]))
        made = MAKES.get(act)
        if made is not None and body.get(made) is not None:
            seen.named[Identity].add((organisation, made, body[made]))
        if act in ON_PLANS:
            seen.clients.add((organisation, body["client"]))
            if "invoice" in body and (act != "payment.make" or "offline" in body or body.get("use_credit")):
                seen.invoices.add((organisation, body["invoice"]))
    return seen
