"""OpenAPI 3.1: FastAPI's own description of the API, with the answers, problems and examples it can't know."""

from types import SimpleNamespace
from typing import Any

from adapters.contract.answers import SCHEMAS as ANSWERS
from adapters.contract.answers import content, schema
from adapters.contract.commands import COMPONENTS, Document, command_components, envelope
from adapters.inbox.schemas import SCHEMAS, act_of
from adapters.settings import Settings
from adapters.web.app import create_app
from adapters.web.commands import MAX_COMMANDS

VERSION = "1.0.0"
FOR_SERVICES = ("/v1/", "/livez", "/readyz", "/metrics")
PROBLEM = "application/problem+json"
# fmt: off
PROBLEMS = {  # status: (name of the response, when)
    400: ("BadRequest",   "The body is no JSON."),
    401: ("Unauthorized", "No key, or one that is not known."),
    403: ("Forbidden",    "The key may not touch this organisation."),
    404: ("NotFound",     "There is no such thing, or the key may not touch its organisation."),
    409: ("Conflict",     "The sender used this id before for another body."),
    413: ("TooLarge",     "More than one request may carry."),
    422: ("NotReadable",  "A value is not as described; `field` says which."),
    429: ("TooMany",      "More requests than a key may send; `Retry-After` says when to go on."),
}
OF_SENDING = (400, 401, 403, 409, 413, 422, 429)
OF_READING = (401, 404, 422, 429)
KNOWN = {  # (method, path): the component of its answer; the others are described as objects
    ("get", "/livez"): "Status",
    ("get", "/readyz"): "Status",
    ("get", "/v1/commands/{source}/{id}"): "Command",
    ("get", "/v1/events"): "Events",
    ("get", "/v1/organisations/{organisation}/action-items"): "Items",
    ("get", "/v1/organisations/{organisation}/clients/{client}/billing"): "Billing",
}
# fmt: on


def openapi() -> Document:
    """The routes for services; pages for people are no contract."""
    settings = Settings(_env_file=None)
    application = create_app(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    found = application.openapi()
    paths = {path: found["paths"][path] for path in sorted(found["paths"]) if path.startswith(FOR_SERVICES)}
    for path, operations in paths.items():
        for method, operation in operations.items():
            _complete(method, path, operation)
    named, schemas = command_components()
    for type_ in SCHEMAS:
        act = act_of(type_)
        schemas[f"command.{act}"] = envelope({"$ref": COMPONENTS.format(model=named[act])}, type_)
    kept = found.get("components", {}).get("schemas", {})
    unused = ("HTTPValidationError", "ValidationError")
    schemas |= {name: described for name, described in kept.items() if name not in unused}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Encaisse", "version": VERSION, "description": "Commands in, answers and billing out."},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((schemas | ANSWERS).items())),
            "responses": {name: _problem(status, when) for status, (name, when) in PROBLEMS.items()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Made by `encaisse key create`."}
            },
        },
    }  # fmt: skip


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    """Its problems instead of FastAPI's, its answer, and a name to call it by."""
    operation["responses"].pop("422", None)
    operation["operationId"] = operation["summary"].lower().replace(" ", "_")
    for answer in operation["responses"].values():
        answer["description"] = operation.get("description", operation["summary"])
    is_open = not path.startswith("/v1/")
    if is_open:
        operation["security"] = []
    if (method, path) == ("post", "/v1/commands"):
        _taking_commands(operation)
        return
    if path == "/metrics":
        operation["responses"] = {
            "200": {"description": "Prometheus text."} | content({"type": "string"}, "text/plain")
        }
        operation["responses"]["401"] = _refer(401)
        return
    answers = operation["responses"]
    for status, answer in answers.items():
        if (method, path) in KNOWN:
            answers[status] = {"description": answer["description"]} | content(schema(KNOWN[method, path]))
    if path == "/readyz":
        answers["503"] = {"description": "It can't work yet."} | content(schema("Status"))
    if not is_open:
        for code in OF_READING:
            answers.setdefault(str(code), _refer(code))


def _taking_commands(operation: dict[str, Any]) -> None:
    one: Document = {"oneOf": [schema(f"command.{act_of(type_)}") for type_ in SCHEMAS]}
    several: Document = {"type": "array", "items": {"type": "object"}, "maxItems": MAX_COMMANDS}
    operation["requestBody"] = {"required": True} | content(
        {"oneOf": [one, several | {"description": "Envelopes, taken in order; a refused one stops no other."}]},
        examples={"one": {"value": EXAMPLE}, "several": {"value": [EXAMPLE]}},
    )
    location = {"description": "Where its answer will be.", "schema": {"type": "string"}}
    operation["responses"] = {
        "202": {
            "description": "Taken in: an answer for the envelope, or for each of a list.",
            "headers": {"Location": location},
        } | content({"oneOf": [schema("Command"), schema("Commands")]}, example=ANSWER),
        **{str(code): _refer(code) for code in OF_SENDING},
    }  # fmt: skip


def _refer(status: int) -> Document:
    return {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}


def _problem(status: int, when: str) -> Document:
    return {"description": when} | content(schema("Problem"), PROBLEM)


EXAMPLE = {
    "specversion": "1.0", "id": "ord-7781-1", "source": "shop", "type": "encaisse.payment.make.v1",
    "time": "2026-11-24T15:04:05Z",
    "data": {
        "organisation": "ymca", "client": "c-42", "payment": "p-9", "amount": 4500, "payment_method": "pm-1",
        "invoice": "inv-7",
    },
}  # fmt: skip
ANSWER = {"source": "shop", "id": "ord-7781-1", "status": "accepted", "href": "/v1/commands/shop/ord-7781-1"}
