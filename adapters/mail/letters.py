"""Letters: what each kind of mail says, as paragraphs, facts and links; the templates make text and HTML of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from adapters.mail.digests import Digest
from adapters.mail.kinds import called, paid_by
from adapters.wording import Wording
from domain.declines import class_of
from domain.mail import STORM, Failure, Mail, MailKind

K = MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One failure in a digest."""

    amount: str
    kind: str
    payment: str
    method: str
    reason: str
    next: str
    failed: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The failures of one client, with where to work on them."""

    client: str
    url: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`facts` are (label, value); `steps` what the reader can do; `link` a label and where it leads."""

    subject: str
    title: str
    intro: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    groups: tuple[Group, ...] = ()
    steps: tuple[str, ...] = ()
    link: tuple[str, str] | None = None
    closing: tuple[str, ...] = ()
    why: str = ""  # why the reader has this mail
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a letter is written with. `contact` is where a client asks, `name` of the reader, if known."""

    w: Wording
    organisation: str
    contact: str
    name: str
    public_url: str
    digest: Digest | None = None
    way_in: str = ""  # the address of a sign-in link; it is made when the mail is sent, and kept nowhere

    @property
    def center(self) -> str:
        return f"{self.public_url.rstrip('/')}/action-items"

    def of_client(self, client: str) -> str:
        return f"{self.center}?q={quote(client, safe='')}"


Write = Callable[[Mail, Desk], Letter]


def write(mail: Mail, desk: Desk) -> Letter:
    """The letter of a mail, in the language of `desk`."""
    return LETTERS[mail.kind](mail, desk)


def _digest(mail: Mail, desk: Desk) -> Letter:
    w, digest = desk.w, desk.digest
    assert digest is not None  # noqa: S101 - read by whoever composes
    amount = w.money(digest.total)
    intro = [w.count("mail.digest.intro", digest.count, total=amount)]
    if digest.count > len(digest.failures):
        intro.append(w("mail.digest.more", shown=len(digest.failures), number=digest.count))
    groups: list[Group] = []
    for one in digest.failures:
        entry = _entry(one, w, closed=one.item in digest.closed)
        if groups and groups[-1].url == desk.of_client(one.client):
            groups[-1] = replace(groups[-1], entries=(*groups[-1].entries, entry))
        else:
            groups.append(Group(client=one.client_name, url=desk.of_client(one.client), entries=(entry,)))
    return Letter(
        subject=w.count("mail.digest.subject", digest.count, organisation=desk.organisation),
        title=w.count("mail.digest.title", digest.count), intro=tuple(intro), groups=tuple(groups),
        link=(w.count("mail.digest.open", digest.count), desk.center), why=_why(mail, desk),
    )  # fmt: skip


def _entry(one: Failure, w: Wording, *, closed: bool) -> Entry:
    return Entry(
        amount=w.money(one.amount), kind=called(w, one.kind, one.of), payment=one.payment,
        method=paid_by(w, one.method), reason=w.reason(one.reason, "staff"), next=w.reason(one.reason, "next"),
        failed=w.moment(one.failed_at), closed=closed,
    )  # fmt: skip


def _failure(mail: Mail, desk: Desk) -> Letter:
    w, facts = desk.w, mail.facts
    reason = str(facts["reason"])
    return Letter(
        subject=w("mail.failure.subject", client=facts["client_name"], amount=w.money(facts["amount"])),
        title=w("mail.failure.title", client=facts["client_name"]),
        intro=(w.reason(reason, "staff"), w.reason(reason, "next")),
        facts=_facts(w, mail, "client", "amount", "failed_kind", "payment", "method", "failed_on"),
        link=(w("mail.manage"), desk.of_client(str(facts["client"]))), why=_why(mail, desk),
    )  # fmt: skip


def _storm(mail: Mail, desk: Desk) -> Letter:
    w = desk.w
    return Letter(
        subject=w("mail.storm.subject", organisation=desk.organisation), title=w("mail.storm.title"),
        intro=(w("mail.storm.intro", number=STORM), w("mail.storm.more")), link=(w("mail.manage"), desk.center),
        why=_why(mail, desk),
    )  # fmt: skip


def _told(mail: Mail, desk: Desk) -> Letter:
    """A confirmation for the organisation: purchases, invoices, cancellations, replacements, payments."""
    w, facts = desk.w, mail.facts
    said = {"client": facts["client_name"], "amount": w.money(facts["amount"])}
    names = ("client", "amount", "what", "invoice", "payment", "method", "payer", "instalment", "on", "by")
    return Letter(
        subject=w(f"mail.{mail.kind}.subject", **said), title=w(f"mail.{mail.kind}.title"),
        intro=(w(f"mail.{mail.kind}.intro", **said),), facts=_facts(w, mail, *names), why=_why(mail, desk),
    )  # fmt: skip


def _receipt(mail: Mail, desk: Desk) -> Letter:
    w = desk.w
    amount = w.money(mail.facts["amount"])
    return Letter(
        subject=w("mail.receipt.subject", amount=amount, organisation=desk.organisation), title=w("mail.receipt.title"),
        intro=(w("mail.receipt.intro", name=desk.name, organisation=desk.organisation, amount=amount),),
        facts=_facts(
            w, mail, "holder", "amount", "on", "method", "payer", "instalment", "what", "payment", "reference"
        ),
        closing=_ask(desk), why=_why(mail, desk),
    )  # fmt: skip


def _payment_failed(mail: Mail, desk: Desk) -> Letter:
    w, facts = desk.w, mail.facts
    reason = str(facts["reason"])
    amount = w.money(facts["amount"])
    fix = w.either(f"mail.fix.{class_of(reason)}", "mail.fix.later", organisation=desk.organisation)
    return Letter(
        subject=w("mail.payment_failed.subject", amount=amount, organisation=desk.organisation),
        title=w("mail.payment_failed.title"),
        intro=(
            w("mail.payment_failed.intro", name=desk.name, organisation=desk.organisation, amount=amount),
            w.reason(reason, "client"),
        ),
        facts=_facts(w, mail, "amount", "failed_on", "method", "instalment", "what", "payment"),
        steps=(fix, w("mail.payment_failed.owed")), closing=_ask(desk), why=_why(mail, desk),
    )  # fmt: skip


def _refund_sent(mail: Mail, desk: Desk) -> Letter:
    """When the money will be seen, and what to give the bank if it is not (R8)."""
    w, facts = desk.w, mail.facts
    amount = w.money(facts["amount"])
    how = "offline" if facts.get("offline") else str(facts.get("method", {}).get("kind") or "card")
    intro = w(f"mail.refund_sent.intro.{how}", name=desk.name, organisation=desk.organisation, amount=amount)
    closing = () if how == "offline" else (w("mail.refund_sent.not_seen"),)
    return Letter(
        subject=w("mail.refund_sent.subject", amount=amount, organisation=desk.organisation),
        title=w("mail.refund_sent.title"), intro=(intro, w(f"mail.refund_sent.when.{how}")),
        facts=_facts(w, mail, "amount", "submitted_on", "method", "what", "refund", "payment", "reference"),
        closing=(*closing, *_ask(desk)), why=_why(mail, desk),
    )  # fmt: skip


def _card_expiring(mail: Mail, desk: Desk) -> Letter:
    w = desk.w
    method = paid_by(w, mail.facts.get("method", {}))
    return Letter(
        subject=w("mail.card_expiring.subject", method=method), title=w("mail.card_expiring.title"),
        intro=(w("mail.card_expiring.intro", name=desk.name, organisation=desk.organisation, method=method),),
        facts=_facts(w, mail, "method", "expiry"),
        steps=(w("mail.card_expiring.fix", organisation=desk.organisation),), closing=_ask(desk), why=_why(mail, desk),
    )  # fmt: skip


def _sign_in_link(mail: Mail, desk: Desk) -> Letter:
    w = desk.w
    return Letter(
        subject=w("mail.sign_in_link.subject", organisation=desk.organisation), title=w("mail.sign_in_link.title"),
        intro=(w("mail.sign_in_link.intro", organisation=desk.organisation),),
        link=(w("mail.sign_in_link.open"), desk.way_in or f"{desk.public_url.rstrip('/')}/sign-in"),
        closing=(w("mail.sign_in_link.once"), w("mail.sign_in_link.not_you")), why=w("mail.sign_in_link.why"),
    )  # fmt: skip


def _why(mail: Mail, desk: Desk) -> str:
    sort, _ = mail.whose
    return desk.w(f"mail.why.{sort}", organisation=desk.organisation)


def _ask(desk: Desk) -> tuple[str, ...]:
    """Whom a client asks; there is no other way in for them."""
    asked = "mail.ask" if desk.contact else "mail.ask_without"
    return (desk.w(asked, organisation=desk.organisation, contact=desk.contact),)


def _facts(w: Wording, mail: Mail, *names: str) -> tuple[tuple[str, str], ...]:
    """Those that are known, each under its label."""
    found = ((name, _fact(w, mail.facts, name)) for name in names)
    return tuple((w(f"mail.label.{name}"), value) for name, value in found if value)


def _fact(w: Wording, facts: Any, name: str) -> str:
    match name:
        case "client" | "holder":
            return str(facts.get("client_name", ""))
        case "amount":
            return w.money(facts["amount"])
        case "method":
            return paid_by(w, facts.get("method", {}))
        case "failed_kind":
            return called(w, str(facts.get("kind", "")), str(facts.get("of", "")))
        case "failed_on":
            return w.moment(datetime.fromisoformat(facts["at"]))
        case "on" | "submitted_on":
            return w.day(datetime.fromisoformat(facts["at"]))
        case "what":
            return ", ".join(facts.get("what") or ())
        case "instalment":
            return w("mail.of", number=facts["number"], count=facts["count"]) if facts.get("number") else ""
        case "expiry":
            year, _, month = str(facts.get("method", {}).get("expiry", "")).partition("-")
            return w.month(date(int(year), int(month), 1)) if month else ""
        case _:
            return str(facts.get(name) or "")


# fmt: off
LETTERS: dict[MailKind, Write] = {
    K.DIGEST:            _digest,
    K.FAILURE:           _failure,
    K.STORM:             _storm,
    K.PURCHASE:          _told,
    K.INVOICE:           _told,
    K.CANCELLATION:      _told,
    K.REPLACEMENT:       _told,
    K.PAYMENT:           _told,
    K.ECHECK_INSTALMENT: _told,
    K.RECEIPT:           _receipt,
    K.PAYMENT_FAILED:    _payment_failed,
    K.REFUND_SENT:       _refund_sent,
    K.CARD_EXPIRING:     _card_expiring,
    K.SIGN_IN_LINK:      _sign_in_link,
}
# fmt: on
