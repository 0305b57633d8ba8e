"""The web application of one process: middleware, routes, trouble."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from adapters.bootstrap import App
from adapters.web import (
    account,
    acts,
    audit,
    batches,
    billing,
    bulk,
    charts,
    clients,
    commands,
    differences,
    errors,
    events,
    guide,
    health,
    items,
    mailbox,
    merchant_accounts,
    nights,
    operating,
    organisation,
    organisation_settings,
    paper,
    people,
    processor_webhooks,
    queues,
    reads,
    reports,
    return_rates,
    sign_in,
    sign_in_oidc,
    sign_in_proofs,
    subscriptions,
    unsubscribe,
    views,
)
from adapters.web.guard import Headers
from adapters.web.oidc import Provider
from adapters.web.pages import STATIC
from adapters.web.rates import Rates

MAX_BODY = 4_000_000  # bytes: a list of a thousand commands, invoices of a dozen lines among them


def create_app(app: App) -> FastAPI:
    """The application; it keeps nothing but `app`, so any number of processes may serve it."""
    application = FastAPI(
        title="Encaisse",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # the contract is published with the documents, not by a running server
        middleware=[
            Middleware(Headers, settings=app.settings),
            Middleware(errors.BodyLimit, max_body=MAX_BODY),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY),
        ],
    )
    application.state.app = app
    application.state.provider = Provider(app.settings) if app.settings.oidc_issuer else None
    application.state.rates = Rates(app.settings.requests_per_second)
    # Files only: what is compressed together with a secret can be guessed from its length (BREACH).
    application.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC)), name="static")
    parts = (
        bulk, views, charts,  # before the pages of items: an address is that of the first that knows it
        health, sign_in, items, acts, commands, events, reads, billing, subscriptions, paper, clients, operating,
        reports, return_rates, merchant_accounts, processor_webhooks, differences, mailbox, unsubscribe, sign_in_proofs,
        sign_in_oidc, account, organisation, nights, queues, people, organisation_settings, audit, guide,
        batches,
    )  # fmt: skip
    for part in parts:
        application.include_router(part.router)
    errors.install(application)
    return application
