"""Settings of the organisation: each with what holds today; those that are typed go as `organisation.register`."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.inbox import refusals
from adapters.inbox.rehearsing import NotTaken
from adapters.web.cookies import Note, leave_note, read_note
from adapters.web.forms import Entered, given
from adapters.web.operating import Fields, SentFields
from adapters.web.organisation import must_see, section_page
from adapters.web.pages import wording_of
from adapters.web.sending import carry_out, envelope
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Posted, Visit
from adapters.web.wording import parse_amount
from domain.command import CommandStatus
from domain.declines import ReasonClass
from domain.money import decimal_text
from domain.organisation import DIGEST_AT, ECHECK_CUTOFF_AT, LANGUAGES, NIGHT_AT, SETTLEMENT_DAYS, Organisation
from domain.refusal import PermissionDenied, Refusal

router = APIRouter(prefix="/organisation/settings")
HERE = "/organisation/settings"
REGISTER = "organisation.register"
CLOCKS = {"night_at": NIGHT_AT, "echeck_cutoff_at": ECHECK_CUTOFF_AT, "digest_at": DIGEST_AT}
NUMBERS = ("settlement_days", "billing_day", "suspend_after_failures")
SWITCHES = {  # with what holds where nothing was said (CONTRACT, section 2)
    "purchase_without_payment": True, "cancel_instalments_with_purchase": True, "prorate_first_period": False,
    "expiring_card_email": False,
}  # fmt: skip
TOLD = ("purchase", "invoice", "cancellation", "replacement")
CALENDARS = ("CA12", "CA10", "US")
RETRIED = tuple(one.value for one in (
    ReasonClass.LATER, ReasonClass.TECHNICAL, ReasonClass.CUSTOMER_ACTION, ReasonClass.FIX_DATA, ReasonClass.CONFIG,
))  # fmt: skip


@router.get("")
def show_settings(request: Request, visit: OfVisit) -> Response:
    return _page(request, visit)


@router.post("")
def keep_settings(request: Request, visit: OfVisit, csrf: Posted, fields: SentFields) -> Response:
    """What was left empty stays as it is; lists are kept as they stand in the form."""
    own: Person = visit.act(REGISTER, csrf, lambda tx, person: person)
    try:
        data = told_by(Entered(fields=fields), own.organisation)
        key = Entered(fields=fields).must("key")
        sent = envelope(REGISTER, key=key, organisation=own.organisation.id, by=own.administrator.id, data=data)
        answered = carry_out(visit.app, sent)
    except PermissionDenied:
        raise
    except NotTaken as refused:
        return _page(request, visit, fields=fields, refused=refused.error)
    except Refusal as refusal:
        return _page(request, visit, fields=fields, refused=refusals.told(refusal))
    if answered.status is CommandStatus.REFUSED:
        return _page(request, visit, fields=fields, refused=answered.error)
    response = RedirectResponse(HERE, status_code=303)
    leave_note(response, visit.app.settings, Note(code="settings_kept"))
    return response


def told_by(entered: Entered, owner: Organisation) -> dict[str, Any]:
    """The command's data of what was typed. Raises FieldMissing, InvalidValue."""
    settings: dict[str, Any] = given(
        calendar=entered.text("calendar"), billing_contact=entered.text("billing_contact"),
        **{name: entered.text(name) for name in CLOCKS},
        **{name: entered.number(name) for name in NUMBERS if entered.text(name)},
    )  # fmt: skip
    fee = entered.text("nsf_fee")
    if fee:
        amount = parse_amount(fee, owner.currency)
        if amount is None:
            raise refusals.InvalidValue("nsf_fee")
        settings["nsf_fee"] = {**owner.settings.get("nsf_fee", {}), "amount": amount}
    settings |= {name: entered.ticked(name) for name in SWITCHES}
    settings["automatic_retries"] = {one: days for one in RETRIED if (days := _days(entered, f"retry_{one}"))}
    settings["bank_closings"] = entered.text("bank_closings").split()
    settings["notify"] = entered.text("notify").split()
    settings["notify_principal"] = entered.all("notify_principal")
    settings["taxes"] = [_tax(line) for line in entered.text("taxes").splitlines() if line.strip()]
    return given(
        name=entered.must("name"), language=entered.must("language"), timezone=entered.must("timezone"),
    ) | {"settings": settings}  # fmt: skip


def _days(entered: Entered, name: str) -> list[int]:
    parts = entered.text(name).replace(";", ",").split(",")
    typed = [part.strip() for part in parts if part.strip()]
    if not all(one.isdecimal() and len(one) < 4 for one in typed):
        raise refusals.InvalidValue(name)
    return [int(one) for one in typed]


def _tax(line: str) -> dict[str, Any]:
    """`GST 5` or `QST 9,975 +`, where the plus means on the price with the taxes before it."""
    parts = line.replace("%", " ").split()
    compound = parts[-1:] == ["+"]
    parts = parts[:-1] if compound else parts
    if len(parts) != 2:
        raise refusals.InvalidValue("taxes")
    return {"code": parts[0], "rate": parts[1].replace(",", "."), "compound": compound}


def shown(owner: Organisation) -> Fields:
    """The form as it is filled in: what was set, else what holds by default."""
    kept = owner.settings
    fields: dict[str, list[str]] = {
        "name": [owner.name], "language": [owner.language], "timezone": [owner.timezone],
        "calendar": [str(kept.get("calendar", ""))], "billing_contact": [str(kept.get("billing_contact", ""))],
        "bank_closings": ["\n".join(str(day) for day in kept.get("bank_closings", []))],
        "notify": ["\n".join(kept.get("notify", []))],
        "notify_principal": list(kept.get("notify_principal", TOLD)),
        "taxes": ["\n".join(_tax_line(tax) for tax in kept.get("taxes", []))],
        "nsf_fee": [decimal_text(kept["nsf_fee"]["amount"], owner.currency)] if kept.get("nsf_fee") else [],
        "settlement_days": [str(kept.get("settlement_days", SETTLEMENT_DAYS))],
    }  # fmt: skip
    for name, usual in CLOCKS.items():
        fields[name] = [str(kept.get(name, usual))]
    for name in NUMBERS[1:]:
        fields[name] = [str(kept[name])] if kept.get(name) else []
    for name, on in SWITCHES.items():
        fields[name] = ["yes"] if kept.get(name, on) else []
    for one, days in (kept.get("automatic_retries") or {}).items():
        fields[f"retry_{one}"] = [", ".join(str(day) for day in days)]
    return fields


def _tax_line(tax: Mapping[str, Any]) -> str:
    return f"{tax['code']} {tax['rate']}" + (" +" if tax.get("compound") else "")


def _page(
    request: Request, visit: Visit, *, fields: Fields | None = None, refused: Mapping[str, Any] | None = None
) -> Response:
    def work(tx: BookTransaction, person: Person) -> tuple[Organisation, str]:
        must_see(person, "settings")
        return person.organisation, tx.mint()

    owner, key = visit.read("", work)
    language = wording_of(request).language
    return section_page(
        request, visit, "settings", status=422 if refused else 200, owner=owner, key=key,
        entered=Entered(fields=fields if fields is not None else shown(owner)), clocks=list(CLOCKS),
        numbers=NUMBERS, switches=list(SWITCHES), principal_told=TOLD, calendars=CALENDARS, retried=RETRIED,
        speaks=LANGUAGES, told=read_note(request, visit.app.settings),
        refused=refused["message"][language] if refused else "",
        field_named=str(refused.get("field") or "") if refused else "",
    )  # fmt: skip
