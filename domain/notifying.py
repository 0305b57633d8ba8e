"""Notifying decides who is told of what (N1-N5): once when a mail is planned, again when it is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.action_item import ItemKind
from domain.declines import ReasonClass, class_of
from domain.mail import Mail, MailKind, mail_id
from domain.organisation import Organisation
from domain.people import Administrator, Client
from domain.permissions import Permission

K = MailKind

# fmt: off
TO_ADDRESSES = (K.PURCHASE, K.CANCELLATION, K.PAYMENT, K.ECHECK_INSTALMENT, K.FAILURE, K.STORM)  # N3
TO_PRINCIPAL = (K.PURCHASE, K.INVOICE, K.CANCELLATION, K.REPLACEMENT)                            # N4
TO_CLIENT = (K.RECEIPT, K.PAYMENT_FAILED, K.REFUND_SENT, K.CARD_EXPIRING)                        # N5
# What an administrator opts in to, by what failed (N2).
OPT_IN = {
    ItemKind.INSTALMENT:   "instalment",
    ItemKind.SUBSCRIPTION: "subscription",
    ItemKind.ECHECK:       "echeck",
    ItemKind.REFUND:       "refund",
}
PLANNED = (ItemKind.INSTALMENT, ItemKind.SUBSCRIPTION)
# A client is told of a failure that they can do something about; the rest is between us and the processor.
TOLD_TO_CLIENT = (ReasonClass.NEVER, ReasonClass.STOP_PLAN, ReasonClass.FIX_DATA, ReasonClass.CUSTOMER_ACTION,
                  ReasonClass.LATER)
# fmt: on
DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What happened, before anybody is chosen to be told. `opt_in` of a failure: see OPT_IN; `planned`: N3
    tells of failures of planned payments only."""

    kind: MailKind
    about: str
    facts: Mapping[str, object]
    opt_in: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who could be told in an organisation."""

    organisation: Organisation
    administrators: tuple[Administrator, ...]

    @property
    def principal(self) -> Administrator | None:
        return next((one for one in self.administrators if one.principal), None)

    @property
    def billing_contact(self) -> str:
        """The address of the setting, else of the principal administrator (N1); empty when there is neither."""
        named = str(self.organisation.settings.get("billing_contact") or "")
        return named or (self.principal.email if self.principal else "")


def audience(notice: Notice, people: People) -> list[tuple[str, str, str]]:
    """(recipient, address, language) of everybody in the organisation who is told; each address once."""
    told: dict[str, tuple[str, str, str]] = {}
    for one in people.administrators:
        if one.email and wanted_by(one, notice.kind, notice.opt_in, notice.planned, people):
            told.setdefault(same(one.email), (f"administrator:{one.id}", one.email, one.language))
    for address in addresses(notice.kind, notice.planned, people):
        told.setdefault(same(address), (f"address:{address}", address, people.organisation.language))
    return list(told.values())


def wanted_by(one: Administrator, kind: MailKind, opt_in: str, planned: bool, people: People) -> bool:
    """Whether an administrator is told, as things are now."""
    if same(one.email) in map(same, addresses(kind, planned, people)):
        return True
    if kind is K.SIGN_IN_LINK:
        return True
    if kind in TO_PRINCIPAL:
        return one is people.principal and kind.value in notify_principal(people.organisation)
    if kind in (K.DIGEST, K.FAILURE, K.STORM):
        return opted_in(one, DIGEST if kind is K.DIGEST else opt_in)
    return False


def opted_in(one: Administrator, opt_in: str) -> bool:
    """Opted in **and** holds the permission (N1, N2)."""
    return opt_in in one.notifications and one.may(Permission.FAILED_PAYMENT)


def addresses(kind: MailKind, planned: bool, people: People) -> list[str]:
    """Addresses of the organisation's options, and the billing contact's for the digest."""
    if kind is K.DIGEST:
        return [people.billing_contact] if people.billing_contact else []
    if kind not in TO_ADDRESSES or (kind in (K.FAILURE, K.STORM) and not planned):
        return []
    return [str(address) for address in people.organisation.settings.get("notify") or ()]


def notify_principal(organisation: Organisation) -> tuple[str, ...]:
    chosen = organisation.settings.get("notify_principal")
    return tuple(kind.value for kind in TO_PRINCIPAL) if chosen is None else tuple(chosen)


def entitled(mail: Mail, people: People, client: Client | None) -> str:
    """The address to which a planned mail goes now; empty when nobody is to have it any more (N1, P2)."""
    sort, name = mail.whose
    opt_in, planned = str(mail.facts.get("opt_in", "")), bool(mail.facts.get("planned"))
    if sort == "client":
        return client.email if client is not None and to_client(mail.kind, people.organisation) else ""
    if sort == "address":
        return name if same(name) in map(same, addresses(mail.kind, planned, people)) else ""
    one = next((one for one in people.administrators if one.id == name), None)
    return one.email if one is not None and wanted_by(one, mail.kind, opt_in, planned, people) else ""


def may_unsubscribe(mail: Mail, people: People) -> str:
    """What an administrator would turn off: empty where the mail comes for another reason than their opt-in."""
    sort, name = mail.whose
    opt_in = DIGEST if mail.kind is K.DIGEST else str(mail.facts.get("opt_in", ""))
    one = next((one for one in people.administrators if sort == "administrator" and one.id == name), None)
    if one is None or not opt_in or opt_in not in one.notifications:
        return ""
    named = map(same, addresses(mail.kind, bool(mail.facts.get("planned")), people))
    return "" if same(one.email) in named else opt_in


def to_client(kind: MailKind, organisation: Organisation) -> bool:
    if kind is K.CARD_EXPIRING:
        return bool(organisation.settings.get("expiring_card_email", False))
    return kind in TO_CLIENT


def client_can_act(reason: str) -> bool:
    return class_of(reason) in TOLD_TO_CLIENT


def plan(
    organisation: str, notice: Notice, told: Iterable[tuple[str, str, str]], *, now: datetime
) -> list[Mail]:  # fmt: skip
    """A mail for each; planned twice, it is the same mail."""
    more = {"opt_in": notice.opt_in, "planned": notice.planned} if notice.kind in (K.FAILURE, K.STORM) else {}
    return [
        Mail(
            organisation=organisation, id=mail_id(organisation, notice.kind, notice.about, recipient),
            kind=notice.kind, about=notice.about, recipient=recipient, language=language,
            facts={**notice.facts, **more}, next_at=now, planned_at=now,
        )
        for recipient, _, language in told
    ]  # fmt: skip


def same(address: str) -> str:
    """How two spellings of an address are compared."""
    return address.strip().casefold()
