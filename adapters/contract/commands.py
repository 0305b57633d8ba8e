"""JSON Schemas of what is sent: the envelope, and the data of each command."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from adapters.inbox.envelope import ID, SPECVERSION
from adapters.inbox.schemas import SCHEMAS, act_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS = "#/components/schemas/{model}"
Document = dict[str, Any]


class Plain(GenerateJsonSchema):
    """Without the titles that only repeat the name of a field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def command_schemas() -> dict[str, Document]:
    """`payment.make` -> the schema of its data, complete in itself."""
    found = {}
    for type_, model in SCHEMAS.items():
        act = act_of(type_)
        schema = model.model_json_schema(schema_generator=Plain)
        found[act] = {"$schema": DIALECT, "$id": f"{act}.json", **schema, "title": act}
    return found


def command_components() -> tuple[dict[str, str], dict[str, Document]]:
    """`payment.make` -> the name of its component; the components, whose references point to each other."""
    wanted = [(model, "validation") for model in dict.fromkeys(SCHEMAS.values())]
    names, definitions = models_json_schema(wanted, ref_template=COMPONENTS, schema_generator=Plain)  # type: ignore[arg-type]
    named = {act_of(type_): names[model, "validation"]["$ref"].rpartition("/")[2] for type_, model in SCHEMAS.items()}
    return named, definitions["$defs"]


def envelope_schema() -> Document:
    """CloudEvents 1.0, structured JSON: what every command travels in, whichever its door."""
    return {"$schema": DIALECT, "$id": "envelope.json", **envelope({"type": "object"})}


def envelope(data: Document, type_: str | None = None) -> Document:
    """An envelope around data of this schema, of one type or of any."""
    name = {"type": "string", "pattern": f"^{ID.pattern}$"}
    kind = {"const": type_} if type_ else {"type": "string", "enum": list(SCHEMAS)}
    return {
        "title": type_ or "Envelope",
        "description": "A command: (source, id) is unique for ever, and the same body may be sent again.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": SPECVERSION},
            "id": name | {"description": "The sender's own; it names the command for ever."},
            "source": name | {"description": "The sender."},
            "type": kind,
            "time": {"type": "string", "description": "When it was sent, RFC 3339; it is not looked at."},
            "data": data,
        },
    }
