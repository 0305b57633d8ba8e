"""Samples: every mail as it could be, for whoever wants to read them before anybody is sent one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from adapters.mail.composing import Composed, compose
from adapters.mail.digests import Digest
from adapters.settings import Settings
from domain.mail import Failure, Mail, MailKind, mail_id
from domain.notifying import TO_CLIENT, People
from domain.organisation import LANGUAGES, Organisation
from domain.people import Administrator, Client

AT = datetime(2026, 11, 25, 8, 12, tzinfo=UTC)
ORGANISATION = "example"
NAMES = {"en": "Harbourfront Aquatic Club", "fr": "Centre sportif du Plateau"}
CLIENTS = {"en": "Olivia Smith", "fr": "Zoé Lavoie"}
OTHERS = ("Raphaël Côté", "Mei Chen")
WHAT = {"en": ["Learn to swim, level 4"], "fr": ["Gymnastique, 9-12 ans"]}
VISA = {"kind": "card", "brand": "visa", "last4": "4242", "expiry": "2026-12"}


def samples(
    settings: Settings, *, kinds: tuple[MailKind, ...] = (), languages: tuple[str, ...] = ()
) -> Iterator[tuple[MailKind, str, Composed]]:
    """(kind, language, the mail); all of them where none are named."""
    for kind in kinds or tuple(MailKind):
        for language in languages or LANGUAGES:
            yield kind, language, _sample(kind, language, settings)


def _sample(kind: MailKind, language: str, settings: Settings) -> Composed:
    people, client = _people(language), _client(language)
    reader = "client:c-1042" if kind in TO_CLIENT else "administrator:marie"
    mail = Mail(
        organisation=ORGANISATION, id=mail_id(ORGANISATION, kind, "sample", reader), kind=kind, about="sample",
        recipient=reader, language=language, facts=_facts(kind, language), next_at=None, planned_at=AT,
    )  # fmt: skip
    told = client if kind in TO_CLIENT else None
    digest = _digest(language) if kind is MailKind.DIGEST else None
    way_in = f"{settings.public_url.rstrip('/')}/sign-in?token=sample" if kind is MailKind.SIGN_IN_LINK else ""
    opted = kind in (MailKind.DIGEST, MailKind.FAILURE, MailKind.STORM)
    link = f"{settings.public_url.rstrip('/')}/unsubscribe?token=sample" if opted else ""
    address = client.email if told else people.administrators[0].email
    return compose(mail, address, people, told, digest, settings=settings, unsubscribe=link, way_in=way_in)


def _people(language: str) -> People:
    owner = Organisation(
        id=ORGANISATION, name=NAMES[language], timezone="America/Toronto", currency="CAD", language=language,
        settings={"billing_contact": "billing@example.org"}, created_at=AT,
    )  # fmt: skip
    marie = Administrator(
        organisation=ORGANISATION, id="marie", name="Marie Tremblay", email="marie@example.org", language=language,
        notifications=("digest", "instalment"), principal=True, created_at=AT,
    )  # fmt: skip
    return People(organisation=owner, administrators=(marie,))


def _client(language: str) -> Client:
    return Client(
        organisation=ORGANISATION, id="c-1042", name=CLIENTS[language], email="client@example.org", language=language,
        created_at=AT,
    )  # fmt: skip


def _facts(kind: MailKind, language: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "client": "c-1042", "client_name": CLIENTS[language], "amount": 14_560, "payment": "pay_019ab4c2-1042-2",
        "method": VISA, "number": 2, "count": 4, "what": WHAT[language], "at": AT.isoformat(),
        "invoice": "inv-1042", "by": "marie", "reference": "ch_8824117", "refund": "ref-77", "kind": "instalment",
        "of": "instalment", "reason": "insufficient_funds", "payer": "", "opt_in": "instalment", "planned": True,
        "item": "itm_1", "date": "2026-11-25",
    }  # fmt: skip
    if kind in (MailKind.PURCHASE, MailKind.INVOICE, MailKind.CANCELLATION, MailKind.REPLACEMENT):
        facts = {name: facts[name] for name in ("client", "client_name", "amount", "what", "invoice", "at", "by")}
    if kind is MailKind.ECHECK_INSTALMENT:
        facts["method"] = {"kind": "echeck", "last4": "0123"}
    return facts


def _digest(language: str) -> Digest:
    told = (
        ("c-1042", CLIENTS[language], 14_560, "instalment", "insufficient_funds", VISA),
        ("c-1042", CLIENTS[language], 3_200, "subscription", "expired_card", VISA),
        ("c-1077", OTHERS[0], 48_800, "echeck", "closed_account", {"kind": "echeck", "last4": "0123"}),
        ("c-1101", OTHERS[1], 9_900, "in_doubt", "in_doubt", {"kind": "card", "brand": "mastercard", "last4": "5100"}),
        ("c-1101", OTHERS[1], 6_000, "refund", "declined", {"kind": "card", "brand": "mastercard", "last4": "5100"}),
    )  # fmt: skip
    failures = tuple(
        Failure(
            organisation=ORGANISATION, event=number, item=f"itm_{number}", payment=f"pay_019ab4c2-{client}-{number}",
            client=client, client_name=name, amount=amount, kind=kind, of="instalment", reason=reason, method=method,
            failed_at=AT, digest=date(2026, 11, 25),
        )
        for number, (client, name, amount, kind, reason, method) in enumerate(told, 1)
    )  # fmt: skip
    total = sum(one.amount for one in failures)
    return Digest(failures=failures, closed=frozenset({"itm_2"}), count=len(failures), total=total)
