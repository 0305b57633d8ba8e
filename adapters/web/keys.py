"""A service at the door: its key, and the organisations that the key may touch."""

import math
import time
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.web.errors import Problem
from adapters.web.rates import Rates
from adapters.web.sessions import MAX_TOKEN, hash_of
from domain.access import ServiceKey

SCHEME = "bearer"


def service(request: Request) -> ServiceKey:
    """The live key of `Authorization: Bearer`, found by its hash, as long as it does not ask too often."""
    app: App = request.app.state.app
    key = app.books.run(lambda tx: known_key(tx, sent_key(request)), read_only=True)
    if key is None:
        raise Problem(401, "unauthorized")
    rates: Rates = request.app.state.rates
    wait_s = rates.take(key.hash, time.monotonic())
    if wait_s:
        raise Problem(429, "too_many_requests", retry_after_s=math.ceil(wait_s))
    return key


def sent_key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == SCHEME else ""


def known_key(tx: BookTransaction, key: str) -> ServiceKey | None:
    found = tx.find(ServiceKey, hash=hash_of(key)) if 0 < len(key) <= MAX_TOKEN else None
    return found if found is not None and found.revoked_at is None else None


def may_touch(key: ServiceKey, organisation: object) -> bool:
    return isinstance(organisation, str) and organisation in key.organisations


Service = Annotated[ServiceKey, Depends(service)]
