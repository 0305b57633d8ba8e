"""Trouble in words: pages for people, RFC 9457 problems for services, never a stack trace for either."""

import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.locale import MissingWords, both
from adapters.web.guard import NO_STORE, headers_for
from adapters.web.pages import asked_language, page
from adapters.web.sessions import ForgedForm, NotSignedIn
from adapters.web.visit import visit
from domain.people import Administrator
from domain.permissions import Permission
from domain.refusal import NotKnown, PermissionDenied, Refusal

API = "/v1/"
PROBLEM = "application/problem+json"
NOTHING: Mapping[str, str] = {}
MAX_HELPERS = 5  # names on the page that says who can help
# Troubles that have a page of their own: `web.error.<code>.title|text|next`, `web.problem.<code>`.
TROUBLES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    413: "too_large",
    422: "not_readable",
}


class Problem(Exception):
    """An answer to a service that is not what it hoped for."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        field: str = "",
        message: dict[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.field = field
        self.message = message
        self.retry_after_s = retry_after_s


def problem_document(
    status: int,
    code: str,
    *,
    language: str,
    field: str = "",
    message: dict[str, str] | None = None,
    known: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """`detail` is in the asked language, `message` in both; `known` names what the trouble is about."""
    words = message or both(f"web.problem.{code}")
    document = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": words[language],
        "code": code, "message": words,
    }  # fmt: skip
    return document | ({"field": field} if field else {}) | dict(known)


def problem(request: Request, status: int, code: str, *, headers: Mapping[str, str] = NOTHING, **more: Any) -> Response:
    language = asked_language(request)
    ours = {"content-language": language} | ({"www-authenticate": "Bearer"} if status == 401 else {})
    document = problem_document(status, code, language=language, **more)
    return JSONResponse(document, status, {**ours, **headers}, media_type=PROBLEM)


class BodyLimit:
    """Middleware: a body that says that it is too large is answered in words before it is read. What says
    nothing, or lies, is cut by Starlette's own limit behind it."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            length = request.headers.get("content-length", "")
            if length.isdecimal() and int(length) > self.max_body:
                response = await run_in_threadpool(trouble, request, 413, "too_large")
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def install(application: FastAPI) -> None:
    """Every kind of trouble has its answer."""
    for kind, handler in (
        (NotSignedIn, _not_signed_in), (ForgedForm, _forged), (PermissionDenied, _denied), (NotKnown, _not_known),
        (Refusal, _refused), (Problem, _problem), (RequestValidationError, _not_readable), (HTTPException, _http),
        (Exception, _broken),
    ):  # fmt: skip
        application.add_exception_handler(kind, handler)  # type: ignore[arg-type]


def trouble(request: Request, status: int, code: str) -> Response:
    """The page of a trouble, or its problem."""
    if request.url.path.startswith(API):
        return problem(request, status, code)
    _recognise(request)
    return page(request, "trouble.html", status=status, code=code, helpers=[])


def _recognise(request: Request) -> None:
    """The person, for the language of the page; without one it is in the browser's."""
    guest = visit(request)
    if guest.person is None and guest.token:
        with contextlib.suppress(Exception):  # nothing may keep a page about trouble from being shown
            guest.read("", lambda tx, person: None)


def _not_signed_in(request: Request, error: NotSignedIn) -> Response:
    visit(request).person = None
    return page(request, "sign_in_needed.html", status=401)


def _forged(request: Request, error: ForgedForm) -> Response:
    return trouble(request, 403, "forged")


def _denied(request: Request, error: PermissionDenied) -> Response:
    """Says who can help: whoever may change permissions."""
    guest = visit(request)
    if guest.person is None:
        return trouble(request, 403, "forbidden")
    organisation = guest.person.organisation.id
    helpers = guest.app.books.run(lambda tx: _who_can_help(tx, organisation), read_only=True)
    needed = str(error.params.get("permission", ""))
    return page(request, "trouble.html", status=403, code="forbidden", helpers=helpers, permission=needed)


def _who_can_help(tx: BookTransaction, organisation: str) -> list[str]:
    people = tx.all(Administrator, organisation=organisation, order_by="name")
    able = [person for person in people if person.may(Permission.ADMINISTER)]
    able.sort(key=lambda person: not person.principal)
    return [person.name for person in able[:MAX_HELPERS]]


def _not_known(request: Request, error: NotKnown) -> Response:
    return trouble(request, 404, "not_found")


def _refused(request: Request, error: Refusal) -> Response:
    if not request.url.path.startswith(API):
        return trouble(request, 409, "refused")
    try:
        words = both(f"refusal.{error.code}", **error.params)
    except (MissingWords, KeyError):
        words = both("refusal.refused")
    return problem(request, 422, error.code, field=error.field, message=words)


def _problem(request: Request, error: Problem) -> Response:
    wait = {"retry-after": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    return problem(request, error.status, error.code, headers=wait, field=error.field, message=error.message)


def _not_readable(request: Request, error: RequestValidationError) -> Response:
    """A part of the path that can't be an id is a page that does not exist."""
    places = [tuple(one["loc"]) for one in error.errors()]
    if any(place[0] == "path" for place in places):
        return trouble(request, 404, "not_found")
    if request.url.path.startswith(API):
        return problem(
            request, 422, "not_readable", field=".".join(part for part in places[0][1:] if isinstance(part, str))
        )
    return trouble(request, 422, "not_readable")


def _http(request: Request, error: HTTPException) -> Response:
    response = trouble(request, error.status_code, TROUBLES.get(error.status_code, "not_found"))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _broken(request: Request, error: Exception) -> Response:
    """The last resort. It stands outside the middleware, so that it brings the headers itself."""
    app: App = request.app.state.app
    app.log("request.failed", method=request.method, path=request.url.path, error=repr(error))
    response = trouble(request, 500, "broken")
    response.headers.update(headers_for(app.settings) | {"cache-control": NO_STORE})
    return response
