"""AsyncAPI 3.0: the Redis streams and the dramatiq queue."""

from adapters.contract.commands import COMPONENTS, Document, command_components, envelope
from adapters.contract.events import EVENTS, event_schema
from adapters.inbox.schemas import SCHEMAS, act_of

VERSION = "1.0.0"


def asyncapi() -> Document:
    """Payloads point to `#/components/schemas/…`: parsers do not follow references within a payload."""
    named, schemas = command_components()
    messages: dict[str, Document] = {}
    for type_ in SCHEMAS:
        act = act_of(type_)
        name = f"command.{act}"
        schemas[name] = envelope({"$ref": COMPONENTS.format(model=named[act])}, type_)
        messages[name] = _message(name, type_, schemas[named[act]].get("description", ""))
    for type_ in EVENTS:
        name = f"event.{type_}"
        schemas[name] = event_schema(type_)
        messages[name] = _message(name, type_, EVENTS[type_][0])
    commands = [name for name in messages if name.startswith("command.")]
    events = [name for name in messages if name.startswith("event.")]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Encaisse: commands in, events out",
            "version": VERSION,
            "description": "Commands are taken in at least once and carried out once; events are told at least once.",
        },
        "defaultContentType": "application/json",
        "servers": {"redis": {"host": "redis.example.org:6379", "protocol": "redis"}},
        "channels": {
            "commands": _channel(
                "encaisse:commands", commands, "A Redis stream: `XADD encaisse:commands * event '{…}'`."
            ),
            "queue": _channel(
                "encaisse-commands", commands,
                "A dramatiq queue: the actor `accept_command`, its message in the keyword `event`.",
            ),
            "events": _channel(
                "encaisse:events", events, "A Redis stream: the event is JSON in the field `event` of an entry."
            ),
        },
        "operations": {
            "acceptFromStream": _operation("receive", "commands", commands),
            "acceptFromQueue": _operation("receive", "queue", commands),
            "tellEvents": _operation("send", "events", events),
        },
        "components": {"messages": messages, "schemas": schemas},
    }  # fmt: skip


def _message(name: str, title: str, summary: str) -> Document:
    return {"name": title, "title": title, "summary": summary, "payload": {"$ref": COMPONENTS.format(model=name)}}


def _channel(address: str, messages: list[str], description: str) -> Document:
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": description, "messages": references}


def _operation(action: str, channel: str, messages: list[str]) -> Document:
    here = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": here},
        "messages": [{"$ref": f"{here}/messages/{name}"} for name in messages],
    }
