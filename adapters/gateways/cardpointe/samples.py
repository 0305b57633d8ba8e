"""Reads recorded exchanges with CardPointe and says what each of them means; `make samples` prints the table.

A file is `{"interactions": [{"request": {"method", "uri", "body"}, "response": {"status", "content_type",
"body"}}]}`. An exchange that can't be read without a guess says which field needs one, and makes the exit 1.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.gateways.cardpointe.amounts import UnreadableAmount, read_amount
from adapters.gateways.cardpointe.answers import Answer, Status, Unreadable, read_answer
from adapters.gateways.cardpointe.reasons import is_doubtful, is_mapped, reason_of
from adapters.gateways.cardpointe.reports import read_batches, read_deposits, read_funding
from domain.money import decimal_text

ROOT = "/cardconnect/rest/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one exchange means; `guess` names what could not be read."""

    operation: str
    verdict: str = ""
    detail: str = ""
    guess: str = ""


def read_samples(path: Path) -> list[Reading]:
    """Raises ValueError when the file is not one of exchanges."""
    exchanges = json.loads(path.read_text(encoding="utf-8"))
    if type(exchanges) is not dict or type(exchanges.get("interactions")) is not list:
        raise ValueError("no list of interactions in it")
    return [read_exchange(exchange) for exchange in exchanges["interactions"]]


def read_exchange(exchange: Mapping[str, Any]) -> Reading:
    try:
        request, response = exchange["request"], exchange["response"]
        method, url, status = request["method"], urlsplit(request["uri"]), response["status"]
    except (KeyError, TypeError, ValueError, AttributeError):
        return Reading(operation="?", guess="exchange")
    _, found, rest = url.path.partition(ROOT)
    operation, *about = rest.split("/")
    shown = f"{method} {operation}"
    reader = READERS.get(operation) if found else None
    if reader is None:
        return Reading(operation=shown, guess="endpoint")
    if status != 200:
        return Reading(operation=shown, verdict="no answer", detail=f"HTTP {status}")
    try:
        verdict, detail = reader(_Exchange(method, about, request.get("body"), response.get("body")))
    except Unreadable as field:
        return Reading(operation=shown, guess=str(field))
    return Reading(operation=shown, verdict=verdict, detail=detail)


@dataclass(frozen=True, slots=True)
class _Exchange:
    method: str
    about: list[str]
    asked: Any
    said: Any

    def answer(self) -> Answer:
        if type(self.said) is not dict:
            raise Unreadable("body")
        return read_answer(self.said)

    def asked_amount(self) -> int | None:
        """What was asked for; digits alone were cents."""
        text = self.asked.get("amount") if type(self.asked) is dict else None
        if type(text) is str and text.isdigit():
            return int(text)
        try:
            return None if text is None else read_amount(text)
        except UnreadableAmount:
            raise Unreadable("amount asked") from None


def _authorisation(exchange: _Exchange) -> tuple[str, str]:
    answer = exchange.answer()
    if answer.status is Status.APPROVED and answer.amount != exchange.asked_amount():
        raise Unreadable("amount")
    captured = type(exchange.asked) is dict and exchange.asked.get("capture") == "Y"
    return _told(answer, "captured" if captured else "authorised")


def _capture(exchange: _Exchange) -> tuple[str, str]:
    return _told(_about_the_same(exchange), "captured")


def _void(exchange: _Exchange) -> tuple[str, str]:
    return _told(_about_the_same(exchange), "voided")


def _refund(exchange: _Exchange) -> tuple[str, str]:
    answer = exchange.answer()
    if answer.status is Status.APPROVED and answer.amount != exchange.asked_amount():
        raise Unreadable("amount")
    reversed_ = answer.retref == exchange.asked.get("retref")
    return _told(answer, "refunded by a reversal" if reversed_ else "refunded")


def _about_the_same(exchange: _Exchange) -> Answer:
    answer = exchange.answer()
    if type(exchange.asked) is dict and "retref" in exchange.asked and answer.retref != exchange.asked["retref"]:
        raise Unreadable("retref")
    return answer


def _inquiry(exchange: _Exchange) -> tuple[str, str]:
    answer = exchange.answer()
    if answer.retref != exchange.about[0]:
        raise Unreadable("retref")
    return _told(answer, answer.standing.value if answer.standing else "approved")


def _inquiry_by_order(exchange: _Exchange) -> tuple[str, str]:
    if type(exchange.said) is list:
        answers = [read_answer(one) if type(one) is dict else _no_object() for one in exchange.said]
        return "found", f"{len(answers)} of one order"
    return _told(exchange.answer(), "found")


def _no_object() -> Answer:
    raise Unreadable("body")


def _told(answer: Answer, approved: str) -> tuple[str, str]:
    code = f"{answer.processor}/{answer.code}"
    if answer.is_not_found:
        return "not found", code
    if answer.status is Status.APPROVED:
        if not answer.retref:
            raise Unreadable("retref")
        amount = "" if answer.amount is None else decimal_text(answer.amount, answer.currency or "USD")
        return approved, f"{code} {amount} {answer.retref}"
    if is_doubtful(answer):
        return "no verdict", code
    if not is_mapped(answer):
        raise Unreadable(f"respcode {code}")
    return "declined", f"{code} {reason_of(answer)}"


def _profile(exchange: _Exchange) -> tuple[str, str]:
    if exchange.method != "GET":
        answer = exchange.answer()
        if answer.status is not Status.APPROVED:
            return _told(answer, "")
        return "deleted" if exchange.method == "DELETE" else "saved", f"{answer.processor}/{answer.code}"
    accounts = exchange.said
    if type(accounts) is not list or any(type(one) is not dict for one in accounts):
        raise Unreadable("body")
    for one in accounts:
        if not all(type(one.get(name)) is str for name in ("profileid", "acctid", "token")):
            raise Unreadable("profile")
    return "found", f"{len(accounts)} accounts"


def _settlement(exchange: _Exchange) -> tuple[str, str]:
    lines = read_batches(exchange.said)
    letters = Counter(line.letter for line in lines)
    shown = " ".join(f"{letter}:{count}" for letter, count in sorted(letters.items()))
    return "batches", f"{len({line.batch for line in lines})} {shown}".strip()


def _funding(exchange: _Exchange) -> tuple[str, str]:
    lines = read_funding(exchange.said)
    return "funding", f"{len(lines)} movements {decimal_text(sum(line.amount for line in lines), 'USD')}"


def _deposits(exchange: _Exchange) -> tuple[str, str]:
    return "deposits", f"{len(read_deposits(exchange.said))} movements"


# fmt: off
READERS: Mapping[str, Callable[[_Exchange], tuple[str, str]]] = {
    "auth":              _authorisation,
    "capture":           _capture,
    "void":              _void,
    "voidByOrderId":     _void,
    "refund":            _refund,
    "inquire":           _inquiry,
    "inquireByOrderid":  _inquiry_by_order,
    "settlestat":        _settlement,
    "funding":           _funding,
    "deposit":           _deposits,
    "profile":           _profile,
}
# fmt: on


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("name one file of recorded exchanges", file=sys.stderr)
        return 2
    try:
        readings = read_samples(Path(arguments[0]))
    except (OSError, ValueError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 2
    for number, one in enumerate(readings, 1):
        said = f"GUESS: {one.guess}" if one.guess else one.verdict
        print(f"{number:3}  {one.operation:22} {said:24} {one.detail}".rstrip())
    guesses = sum(1 for one in readings if one.guess)
    print(f"{len(readings)} exchanges, {guesses} needed a guess")
    return 1 if guesses or not readings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
