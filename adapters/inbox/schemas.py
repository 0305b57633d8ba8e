"""The shapes of commands: one model per type, refused as a whole when anything in it is not as expected."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from adapters.gateways.choose import unusable_setting
from adapters.inbox import billing_schemas as billing
from adapters.inbox import item_schemas as items
from adapters.inbox import subscription_schemas as subscriptions
from adapters.inbox.bank_shape import Bank
from adapters.inbox.command_shape import Command, Tax
from adapters.inbox.settings_shape import OrganisationSettings
from adapters.inbox.shape import (
    Amount,
    Brand,
    Code,
    Day,
    Email,
    FreeSettings,
    Id,
    Language,
    Line,
    Name,
    Note,
    OptionalNote,
    Percent,
    Shape,
    SignedAmount,
    Token,
)  # fmt: skip
from domain.instalment import MAX_INSTALMENTS
from domain.invoice import MAX_LINES
from domain.permissions import Permission
from domain.use_cases.plan_instalments import MAX_CHANGED

MAX_ACCOUNTS = 50
PERMISSIONS = frozenset(Permission)
Processor = Literal["cardpointe", "paysafe", "stripe", "nacha", "cpa005", "simulator"]
Kind = Literal["card", "echeck"]
Notification = Literal["digest", "instalment", "subscription", "echeck", "refund"]


def _permission(value: Any) -> Any:
    if isinstance(value, str) and value in PERMISSIONS:
        return value
    raise PydanticCustomError("invalid_value", "not a permission")


PermissionName = Annotated[
    str, BeforeValidator(_permission), WithJsonSchema({"type": "string", "enum": sorted(PERMISSIONS)})
]


class MerchantAccount(Shape):
    """An account at a processor through which the organisation charges and refunds."""

    id: Id
    processor: Processor
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=2)]
    settings: FreeSettings = Field(default_factory=dict)

    @model_validator(mode="after")
    def _settings_make_sense(self) -> Self:
        """Refused as a shape, so that a secret that somebody wrote among the settings is kept nowhere."""
        if wrong := unusable_setting(self.processor, self.settings):
            raise PydanticCustomError("out_of_range", "{below}", {"below": f"settings.{wrong}"})
        return self


class RegisterOrganisation(Command):
    """A new organisation with its merchant accounts and settings; of a known one, the given fields change."""

    name: Name | None = None
    timezone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    language: Language | None = None
    merchant_accounts: Annotated[list[MerchantAccount], Field(max_length=MAX_ACCOUNTS)] = Field(default_factory=list)
    settings: OrganisationSettings | None = None


class RegisterAdministrator(Command):
    """A person who works for the organisation, with permissions; of a known one, the given fields change."""

    administrator: Id
    name: Name | None = None
    email: Email | None = None
    language: Language | None = None
    permissions: Annotated[list[PermissionName], Field(max_length=20)] | None = None
    principal: bool | None = None
    notifications: Annotated[list[Notification], Field(max_length=20)] | None = None


class RegisterClient(Command):
    """A client who is billed; of a known one, the given fields change."""

    client: Id
    name: Name | None = None
    email: Email | None = None
    language: Language | None = None


class Mandate(Shape):
    """The authorisation to debit that the client gave: how, when and for what."""

    channel: Literal["web", "paper", "phone"]
    holder: Literal["personal", "business"]
    recurring: bool
    signed_on: Day


class RegisterPaymentMethod(Command):
    """A card or bank account on file: a token of the processor, or for bank files the account itself, which is
    sealed. A known one may get a new token, account or expiry."""

    payment_method: Id
    client: Id | None = None
    kind: Kind | None = None
    merchant_account: Id | None = None
    token: Token | None = None
    bank: Bank | None = None
    brand: Brand | None = None
    last4: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None
    expiry: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = None
    holder: Name | None = None
    mandate: Mandate | None = None

    @field_validator("last4")
    @classmethod
    def _of_the_account(cls, last4: str | None, info: ValidationInfo) -> str | None:
        bank = info.data.get("bank")
        if bank is not None and last4 is not None and not bank.account.endswith(last4):
            raise PydanticCustomError("invalid_value", "not of this account")
        return last4

    @field_validator("bank")
    @classmethod
    def _token_or_bank(cls, bank: Bank | None, info: ValidationInfo) -> Bank | None:
        if bank is not None and info.data.get("token") is not None:
            raise PydanticCustomError("token_or_bank", "a token or a bank account")
        return bank


class InvoiceLine(Shape):
    """`amount` is of the line, before taxes; negative for a rebate."""

    line: Id
    description: Line
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: SignedAmount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    ledger_code: Code | None = None


class CreateInvoice(Command):
    """An invoice, posted at once and open until it is paid; its total is never negative (B6)."""

    client: Id
    invoice: Id
    lines: Annotated[list[InvoiceLine], Field(min_length=1, max_length=MAX_LINES)]
    origin: Literal["purchase", "administrator"] = "purchase"
    note: OptionalNote = ""


class MakePayment(Command):
    """A payment by a method on file, which is charged at once, or received offline, which is booked at once (B7)."""

    client: Id
    payment: Id | None = None
    amount: Amount
    payment_method: Id | None = None
    offline: Literal["cash", "cheque", "external"] | None = None
    invoice: Id | None = None
    payer: Name | None = None
    use_credit: bool = False
    comment: Note | None = None


class Initial(Shape):
    """What is paid first, apart from the schedule: an amount or a percentage, at once or on a date."""

    amount: Amount | None = None
    percent: Percent | None = None
    on: Day | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise PydanticCustomError("invalid_value", "an amount or a percentage")
        return self


class Schedule(Shape):
    """A rhythm (`every`, `count`, `from`), or listed `dates` with their `amounts`."""

    every: Literal["week", "month"] | None = None
    count: Annotated[int, Field(ge=1, le=MAX_INSTALMENTS)] | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    dates: Annotated[list[Day], Field(min_length=1, max_length=MAX_INSTALMENTS)] | None = None
    amounts: Annotated[list[Amount], Field(min_length=1, max_length=MAX_INSTALMENTS)] | None = None

    @model_validator(mode="after")
    def _rhythm_or_dates(self) -> Self:
        rhythm = [part is not None for part in (self.every, self.count, self.from_)]
        whole_rhythm = all(rhythm) and self.dates is None and self.amounts is None
        only_dates = self.dates is not None and not any(rhythm)
        if not (whole_rhythm or only_dates):
            raise PydanticCustomError("invalid_value", "a rhythm or dates")
        return self


class CreatePlan(Command):
    """Planned payments that add up to what is open on lines of an invoice (I1, I2)."""

    client: Id
    plan: Id
    invoice: Id
    lines: Annotated[list[Id], Field(min_length=1, max_length=MAX_LINES)] | None = None
    payment_method: Id | None = None
    offline: Literal["cheque"] | None = None
    total: Amount
    initial: Initial | None = None
    schedule: Schedule


class CancelInstalments(Command):
    """Planned payments that are not asked for; what they were for stays owed (I3)."""

    instalments: Annotated[list[Id], Field(min_length=1, max_length=MAX_CHANGED)]


class ChangeInstalments(CancelInstalments):
    """Another date, amount or method for planned payments, until they are claimed (I3)."""

    date: Day | None = None
    amount: Amount | None = None
    payment_method: Id | None = None


# fmt: off
SCHEMAS: dict[str, type[Command]] = {
    "encaisse.organisation.register.v1":    RegisterOrganisation,
    "encaisse.administrator.register.v1":   RegisterAdministrator,
    "encaisse.client.register.v1":          RegisterClient,
    "encaisse.payment_method.register.v1":  RegisterPaymentMethod,
    "encaisse.invoice.create.v1":           CreateInvoice,
    "encaisse.payment.make.v1":             MakePayment,
    "encaisse.instalment_plan.create.v1":   CreatePlan,
    "encaisse.instalment.change.v1":        ChangeInstalments,
    "encaisse.instalment.cancel.v1":        CancelInstalments,
    "encaisse.subscription.start.v1":       subscriptions.StartSubscription,
    "encaisse.subscription.change.v1":      subscriptions.ChangeSubscription,
    "encaisse.subscription.suspend.v1":     subscriptions.SuspendSubscription,
    "encaisse.subscription.resume.v1":      subscriptions.ResumeSubscription,
    "encaisse.subscription.cancel.v1":      subscriptions.CancelSubscription,
    "encaisse.credit.create.v1":            billing.CreateCredit,
    "encaisse.payment.cancel.v1":           billing.CancelPayment,
    "encaisse.instalment.deposit.v1":       billing.OnCheque,
    "encaisse.instalment.bounce.v1":        billing.OnCheque,
    "encaisse.purchase.cancel.v1":          billing.CancelPurchase,
    "encaisse.purchase.replace.v1":         billing.ReplacePurchase,
    "encaisse.refund.request.v1":           billing.RequestRefund,
    "encaisse.refund.cancel.v1":            billing.CancelRefund,
    "encaisse.refund.record.v1":            billing.RecordRefund,
    "encaisse.account.reconcile.v1":        billing.ReconcileAccount,
    "encaisse.allocation.create.v1":        billing.CreateAllocation,
    "encaisse.allocation.delete.v1":        billing.DeleteAllocation,
    "encaisse.scholarship.open.v1":         billing.OpenScholarship,
    "encaisse.scholarship.award.v1":        billing.AwardScholarship,
    "encaisse.action_item.retry.v1":        items.RetryItem,
    "encaisse.action_item.reject.v1":       items.RejectItem,
    "encaisse.action_item.reopen.v1":       items.ReopenItem,
    "encaisse.action_item.ask_again.v1":    items.AskAgain,
    "encaisse.action_item.settle.v1":       items.SettleItem,
}
# fmt: on


def act_of(type_: str) -> str:
    """`encaisse.payment.make.v1` -> `payment.make`."""
    return type_.removeprefix("encaisse.").removesuffix(".v1")
