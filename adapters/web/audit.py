"""The audit trail as a page: who did what, when, to which thing, before and after (P3)."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.database.audit_trail import OF_A_PAGE, SUBJECTS, Entry, trail
from adapters.database.books import BookTransaction
from adapters.scrubbing import scrub_text
from adapters.web.items import clean, names_of
from adapters.web.organisation import must_see, section_page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit

router = APIRouter(prefix="/organisation/audit")
HERE = "/organisation/audit"
Word = Annotated[str, Query(max_length=100)]


@router.get("")
def show_trail(
    request: Request, visit: OfVisit, about: Word = "", kind: Word = "", by: Word = "",
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:  # fmt: skip
    """`about` is the id of a thing, `kind` what it is, `by` who did it; pages go back in time by `after`."""
    asked = {"about": clean(about), "kind": kind if kind in SUBJECTS else "", "by": clean(by)}

    def work(tx: BookTransaction, person: Person) -> tuple[list[Entry], dict[str, str]]:
        must_see(person, "audit")
        own = person.organisation.id
        return trail(tx, own, after=after, **asked), names_of(tx, own)

    found, names = visit.read("", work)
    shown = found[:OF_A_PAGE]
    asking = {name: value for name, value in asked.items() if value}
    further = f"{HERE}?{urlencode({**asking, 'after': shown[-1].place})}" if len(found) > OF_A_PAGE else ""
    return section_page(
        request, visit, "audit", found=shown, names=names, asked=asked, kinds=SUBJECTS, first=after is None,
        begin=f"{HERE}?{urlencode(asking)}" if asking else HERE, further=further, listed=listed, here=HERE,
    )  # fmt: skip


def listed(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of a record as text, without secrets; what is empty says nothing."""
    return [(name, scrub_text(_text(value))[:300]) for name, value in values.items() if value not in (None, "", [], {})]


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return str(value)
