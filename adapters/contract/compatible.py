"""Whether a schema still keeps the promises of an earlier one: it may be extended, never narrowed."""

from collections.abc import Iterator
from typing import Any

from adapters.contract.commands import Document

UPPER = ("maximum", "maxLength", "maxItems")  # never lowered
LOWER = ("minimum", "minLength", "minItems")  # never raised
FIXED = ("pattern", "const", "format", "additionalProperties")


def broken_promises(old: Document, new: Document, *, sent: bool) -> list[str]:
    """What was promised and no longer holds. `sent`: others write it, such as a command; else we do, an event."""
    return list(_Comparison(old, new, sent).at("", old, new))


class _Comparison:
    """Of two documents, each with its own `$defs`."""

    def __init__(self, old: Document, new: Document, sent: bool) -> None:
        self.old = old
        self.new = new
        self.sent = sent

    def at(self, path: str, old: Document, new: Document) -> Iterator[str]:
        old, new = _followed(old, self.old), _followed(new, self.new)
        if "anyOf" in old:
            yield from self._alternatives(path, old["anyOf"], new.get("anyOf", [new]))
            return
        if "anyOf" in new:
            yield from self._alternatives(path, [old], new["anyOf"])
            return
        yield from self._words(path, old, new)
        yield from self._limits(path, old, new)
        yield from self._fields(path, old, new)
        if "items" in old:
            yield from self.at(f"{path}[]", old["items"], new.get("items", {}))

    def _alternatives(self, path: str, old: list[Document], new: list[Document]) -> Iterator[str]:
        """Each one of before is still among those of now."""
        for one in old:
            found = [list(self.at(path, one, other)) for other in new]
            if not any(broken == [] for broken in found):
                yield from min(found, key=len)

    def _words(self, path: str, old: Document, new: Document) -> Iterator[str]:
        gone = _values(old, "enum") - _values(new, "enum") if "enum" in new else set()
        if gone:
            yield f"{path}: {', '.join(sorted(map(str, gone)))} is no longer allowed"
        if "enum" in new and "enum" not in old and "const" not in old:
            yield f"{path}: only some values are allowed"
        if "type" in new and not _values(old, "type") <= _values(new, "type"):
            yield f"{path}: {old.get('type')} became {new['type']}"

    def _limits(self, path: str, old: Document, new: Document) -> Iterator[str]:
        infinite = float("inf")
        for name in UPPER:
            if new.get(name, infinite) < old.get(name, infinite):
                yield f"{path}: {name} was lowered"
        for name in LOWER:
            none = -infinite if name == "minimum" else 0
            if new.get(name, none) > old.get(name, none):
                yield f"{path}: {name} was raised"
        for name in FIXED:
            if (
                name in new
                and new[name] != old.get(name)
                and not (name == "const" and new[name] in old.get("enum", ()))
            ):
                yield f"{path}: {name} changed"

    def _fields(self, path: str, old: Document, new: Document) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after:
                yield f"{path}.{name} is gone"
            else:
                yield from self.at(f"{path}.{name}", before[name], after[name])
        needed, was_needed = set(new.get("required", ())), set(old.get("required", ()))
        lost = needed - was_needed if self.sent else was_needed - needed
        for name in sorted(lost):
            yield f"{path}.{name} {'became required' if self.sent else 'may be missing'}"


def _followed(schema: Document, document: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Document = document["$defs"][reference.rpartition("/")[2]]
    return found


def _values(schema: Document, name: str) -> set[Any]:
    found = schema.get(name, [])
    return set(found) if isinstance(found, list) else {found}
