"""The shapes of the commands of the Payment Action Center."""

from typing import Literal

from adapters.inbox.command_shape import Command
from adapters.inbox.shape import By, Id, OptionalNote, Reference


class OnItem(Command):
    """An act on an action item is always somebody's."""

    item: Id
    by: By


class RetryItem(OnItem):
    """Charges a failed payment once more, perhaps with another method (A3)."""

    payment_method: Id | None = None
    reason: OptionalNote = ""


class RejectItem(OnItem):
    """Closes an item; the debt stays in the balance (A4)."""

    reason: OptionalNote = ""


class ReopenItem(OnItem):
    """Undoes a rejection (A4)."""

    reason: OptionalNote = ""


class AskAgain(OnItem):
    """Looks up a payment in doubt now (A10)."""

    reason: OptionalNote = ""


class SettleItem(OnItem):
    """Says how a payment in doubt ended, with the reference of the processor when it was paid (A10)."""

    outcome: Literal["paid", "not_paid"]
    reference: Reference = ""
    reason: OptionalNote = ""
