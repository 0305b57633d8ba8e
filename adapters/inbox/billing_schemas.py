"""The shapes of the commands of client billing: credits, cancellations, refunds, matching, scholarships."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from adapters.inbox.command_shape import Command, Tax
from adapters.inbox.shape import Amount, Code, Id, Line, OptionalNote, Percent, Shape
from domain.invoice import MAX_LINES


class CreateCredit(Command):
    client: Id
    credit: Id | None = None
    amount: Amount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    tax_mode: Literal["included", "added", "waived"]
    description: Line | None = None
    note: OptionalNote = ""


class CancelPayment(Command):
    payment: Id


class OnCheque(Command):
    """A paper cheque that a person took to the bank, or that the bank refused (I7)."""

    instalment: Id


class Credited(Shape):
    full: Literal[True] | None = None
    percent: Percent | None = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(part is not None for part in (self.full, self.percent, self.amount)) != 1:
            raise PydanticCustomError("invalid_value", "in full, a percentage or an amount")
        return self


class Penalty(Shape):
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
    refund: Id | None = None
    payment: Id
    amount: Amount


class CancelPurchase(Command):
    client: Id
    invoice: Id
    lines: Annotated[list[Id], Field(min_length=1, max_length=MAX_LINES)]
    credit: Credited
    penalty: Penalty | None = None
    credit_note: Id | None = None
    refunds: Annotated[list[AskedRefund], Field(max_length=50)] = Field(default_factory=list)


class Replacement(Shape):
    line: Id
    description: Line
    amount: Amount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    ledger_code: Code | None = None
    invoice: Id | None = None


class ReplacePurchase(Command):
    client: Id
    invoice: Id
    line: Id
    with_: Annotated[Replacement, Field(alias="with")]


class RequestRefund(Command):
    refund: Id | None = None
    payment: Id
    amount: Amount
    seen_refundable: Annotated[int, Field(ge=0)] | None = None


class CancelRefund(Command):
    refund: Id


class RecordRefund(Command):
    client: Id
    refund: Id | None = None
    amount: Amount
    offline: Literal["cash", "cheque"]
    credits: Annotated[list[Id], Field(min_length=1, max_length=100)] | None = None
    comment: OptionalNote = ""


class ReconcileAccount(Command):
    client: Id


class AllocateFrom(Shape):
    payment: Id | None = None
    credit: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.payment is None) == (self.credit is None):
            raise PydanticCustomError("invalid_value", "a payment or a credit")
        return self


class AllocateTo(Shape):
    invoice: Id
    line: Id | None = None


class CreateAllocation(Command):
    client: Id
    allocation: Id | None = None
    from_: Annotated[AllocateFrom, Field(alias="from")]
    to: AllocateTo
    amount: Amount


class DeleteAllocation(Command):
    client: Id
    allocation: Id


class OpenScholarship(Command):
    fund: Id
    amount: Amount


class AwardScholarship(Command):
    fund: Id
    client: Id
    amount: Amount
    invoice: Id | None = None
