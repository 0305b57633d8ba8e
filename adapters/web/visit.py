"""A visit: one request of a person, whose session and permissions are checked in the transaction that acts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Form
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.web import sessions
from adapters.web.cookies import session_cookie
from adapters.web.guard import from_our_pages
from adapters.web.sessions import NotSignedIn, Person
from domain.permissions import NEEDED
from domain.refusal import PermissionDenied
from domain.use_cases.authorise import authorise

R = TypeVar("R")
SEE = "action_item.see"


@dataclass(slots=True)
class Visit:
    """`person` and `now` are known once a transaction has looked: they colour the page that answers."""

    request: Request
    app: App
    person: Person | None = None
    now: datetime | None = None

    @property
    def token(self) -> str:
        return self.request.cookies.get(session_cookie(self.app.settings), "")

    def read(self, act: str, work: Callable[[BookTransaction, Person], R], *, alive: bool = True) -> R:
        """Reads as the person, who needs the permission of `act`. `alive`: it counts as use of the session."""
        found, stale = self.app.books.run(lambda tx: self._read(tx, act, work), read_only=True)
        if stale and alive and self.person is not None:
            session = self.person.session
            self.app.books.run(lambda tx: sessions.touch(tx, session))
        return found

    def act(self, act: str, csrf: str, work: Callable[[BookTransaction, Person], R]) -> R:
        """Acts as the person: session, form, permission and deed in one transaction."""
        return self.app.books.run(lambda tx: self._act(tx, act, csrf, work))

    def _read(self, tx: BookTransaction, act: str, work: Callable[[BookTransaction, Person], R]) -> tuple[R, bool]:
        person = self._enter(tx)
        permit(tx, person, act)
        return work(tx, person), sessions.needs_touch(tx, person.session)

    def _act(self, tx: BookTransaction, act: str, csrf: str, work: Callable[[BookTransaction, Person], R]) -> R:
        person = self._enter(tx)
        sessions.prove(person, csrf)
        permit(tx, person, act)
        sessions.touch(tx, person.session)
        return work(tx, person)

    def _enter(self, tx: BookTransaction) -> Person:
        self.person, self.now = None, tx.now
        self.person = sessions.enter(tx, self.token)
        return self.person


def permit(tx: BookTransaction, person: Person, act: str) -> None:
    """Raises PermissionDenied unless the person may do this, now. `""` is for what anybody signed in may."""
    if act and authorise(tx, organisation=person.organisation.id, by=person.administrator.id, act=act) is None:
        raise PermissionDenied("by", by=person.administrator.id, permission=NEEDED[act].value)


def may(person: Person, act: str) -> bool:
    """For what a page shows; what it does is checked again when it is done."""
    return person.administrator.may(NEEDED[act])


def visit(request: Request) -> Visit:
    """The visit of this request; the pages that report trouble find it there again."""
    found: Visit | None = getattr(request.state, "visit", None)
    if found is None:
        found = request.state.visit = Visit(request=request, app=request.app.state.app)
    return found


def posted(request: Request, csrf: Annotated[str, Form(max_length=200)] = "") -> str:
    """The token of a form that was sent from our own pages."""
    from_our_pages(request)
    if not request.cookies.get(session_cookie(request.app.state.app.settings)):
        raise NotSignedIn
    return csrf


OfVisit = Annotated[Visit, Depends(visit)]
Posted = Annotated[str, Depends(posted)]
