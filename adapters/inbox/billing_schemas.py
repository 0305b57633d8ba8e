"""The shapes of the commands of client billing: credits, cancellations, refunds, matching, scholarships."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from adapters.inbox.command_shape import Command, Tax
from adapters.inbox.shape import Amount, Code, Id, Line, OptionalNote, Percent, Shape
from domain.invoice import MAX_LINES


class CreateCredit(Command):
    """A credit: lowers the balance and returns no money; taxes are included, added or waived (B5)."""

    client: Id
    credit: Id | None = None
    amount: Amount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    tax_mode: Literal["included", "added", "waived"]
    description: Line | None = None
    note: OptionalNote = ""


class CancelPayment(Command):
    """Cancels an offline payment, or a card payment that can still be voided (B9)."""

    payment: Id


class OnCheque(Command):
    """A paper cheque that a person took to the bank, or that the bank refused (I7)."""

    instalment: Id


class DepositCheque(OnCheque):
    """A postdated cheque was deposited: it is booked as a payment (I7)."""


class BounceCheque(OnCheque):
    """A postdated cheque was refused by the bank: what was booked is reversed, and a person is told (I7)."""


class Credited(Shape):
    """What is credited of the lines: in full, a percentage or an amount, before taxes."""

    full: Literal[True] | None = None
    percent: Percent | None = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(part is not None for part in (self.full, self.percent, self.amount)) != 1:
            raise PydanticCustomError("invalid_value", "in full, a percentage or an amount")
        return self


class Penalty(Shape):
    """What is kept: an amount or a percentage, with its own ledger code."""

    amount: Amount | None = None
    percent: Percent | None = None
    ledger_code: Code | None = None
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise PydanticCustomError("invalid_value", "an amount or a percentage")
        return self


class AskedRefund(Shape):
    """A refund asked for in the same operation, to the method that paid."""

    refund: Id | None = None
    payment: Id
    amount: Amount


class CancelPurchase(Command):
    """Credits lines of an invoice, less a penalty; planned payments follow, refunds may (B10)."""

    client: Id
    invoice: Id
    lines: Annotated[list[Id], Field(min_length=1, max_length=MAX_LINES)]
    credit: Credited
    penalty: Penalty | None = None
    credit_note: Id | None = None
    refunds: Annotated[list[AskedRefund], Field(max_length=50)] = Field(default_factory=list)


class Replacement(Shape):
    """The line that takes the place of another."""

    line: Id
    description: Line
    amount: Amount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    ledger_code: Code | None = None
    invoice: Id | None = None


class ReplacePurchase(Command):
    """Credits a line and invoices a new one in one step (B11)."""

    client: Id
    invoice: Id
    line: Id
    with_: Annotated[Replacement, Field(alias="with")]


class RequestRefund(Command):
    """A refund to the method that paid, sent by the next night (R4)."""

    refund: Id | None = None
    payment: Id
    amount: Amount
    seen_refundable: Annotated[int, Field(ge=0)] | None = None


class CancelRefund(Command):
    """Calls back a refund that has not been sent (R4)."""

    refund: Id


class RecordRefund(Command):
    """Cash or a cheque given back from the account's credit (R3)."""

    client: Id
    refund: Id | None = None
    amount: Amount
    offline: Literal["cash", "cheque"]
    credits: Annotated[list[Id], Field(min_length=1, max_length=100)] | None = None
    comment: OptionalNote = ""


class ReconcileAccount(Command):
    """Matches the oldest payments and credits to the oldest open lines; may be repeated (B12)."""

    client: Id


class AllocateFrom(Shape):
    """The money to match: a payment or a credit."""

    payment: Id | None = None
    credit: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.payment is None) == (self.credit is None):
            raise PydanticCustomError("invalid_value", "a payment or a credit")
        return self


class AllocateTo(Shape):
    """What it is matched to: an invoice, or one line of it."""

    invoice: Id
    line: Id | None = None


class CreateAllocation(Command):
    """Matches money to an invoice by hand (B12)."""

    client: Id
    allocation: Id | None = None
    from_: Annotated[AllocateFrom, Field(alias="from")]
    to: AllocateTo
    amount: Amount


class DeleteAllocation(Command):
    """Undoes a match: the money is available and the lines are open again (B12)."""

    client: Id
    allocation: Id


class OpenScholarship(Command):
    """A fund of outside money, to be awarded to clients (B15)."""

    fund: Id
    amount: Amount


class AwardScholarship(Command):
    """Money of a fund for a client, used to pay an invoice; never more than the fund holds (B15)."""

    fund: Id
    client: Id
    amount: Amount
    invoice: Id | None = None
