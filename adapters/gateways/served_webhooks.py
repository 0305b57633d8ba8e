"""Webhooks of the simulated processors, on demand: signed, as often and in whatever disorder is wished.

`POST /webhooks` `{"processor", "organisation", "url", "secret", "copies"?, "seed"?}` sends what the processor would
have sent by now about that organisation; with a `seed`, in a disorder that depends on it. 202 `{"events"}`.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

import httpx2

from adapters.gateways.filing import Filed, Filing
from adapters.gateways.paysafe import served as paysafe
from adapters.gateways.paysafe import served_events as paysafe_events
from adapters.gateways.served_call import Call, Said, say_json
from adapters.gateways.simulator import Simulator
from adapters.gateways.strict_json import read_object
from adapters.gateways.stripe import served as stripe
from adapters.gateways.stripe import served_events as stripe_events

MAX_COPIES = 10
DEADLINE_S = 5.0

Events = Callable[[Filed, Filed | None, date], Iterator[dict[str, Any]]]
Sign = Callable[[bytes, str, int], dict[str, str]]
Webhook = tuple[dict[str, str], bytes]  # headers, body


class Teller(NamedTuple):
    """How a processor files, tells and signs."""

    book: str
    name: Callable[..., str]
    events: Events
    sign: Sign


TELLERS: Mapping[str, Teller] = {
    "paysafe": Teller(paysafe.BOOK, paysafe.name, paysafe_events.events_of, paysafe_events.sign),
    "stripe": Teller(stripe.BOOK, stripe.name, stripe_events.events_of, stripe_events.sign),
}


def webhooks(
    simulator: Simulator, processor: str, organisation: str, secret: str, *, copies: int = 1, seed: str | None = None
) -> list[Webhook]:
    """What the processor would have sent by now, each `copies` times; in disorder when there is a seed."""
    teller = TELLERS[processor]
    filing = Filing(simulator, organisation, teller.book, teller.name)
    at_s = int(simulator.now().timestamp())
    told: list[Webhook] = []
    for filed in filing.all():
        of = filing.by_key(filed.known.of) if filed.known.of else None
        for event in teller.events(filed, of, filing.today()):
            body = json.dumps(event).encode()
            told += [({"Content-Type": "application/json", **teller.sign(body, secret, at_s)}, body)] * copies
    if seed is not None:
        random.Random(seed).shuffle(told)  # noqa: S311 - disorder, not secrecy
    return told


class WebhookDialect:
    """The desk at which webhooks are asked for."""

    def __init__(self, simulator: Simulator, *, timeout_s: float) -> None:
        self._simulator = simulator

    def serve(self, call: Call) -> Said:
        asked = read_object(call.body) or {}
        processor, copies, seed = asked.get("processor"), asked.get("copies", 1), asked.get("seed")
        texts = [asked.get(name) for name in ("organisation", "url", "secret")]
        if processor not in TELLERS or not all(type(text) is str and text for text in texts):
            return Said(say_json(400, {"answer": "refused", "why": "processor, organisation, url or secret"}))
        if type(copies) is not int or not 0 < copies <= MAX_COPIES:
            return Said(say_json(400, {"answer": "refused", "why": f"copies must be 1 to {MAX_COPIES}"}))
        told = webhooks(
            self._simulator, str(processor), str(texts[0]), str(texts[2]), copies=copies,
            seed=None if seed is None else str(seed),
        )  # fmt: skip
        threading.Thread(target=_send, args=(str(texts[1]), told), name="simulated-webhooks", daemon=True).start()
        return Said(say_json(202, {"answer": "accepted", "events": len(told)}))


def _send(url: str, told: list[Webhook]) -> None:
    """One after the other; what the receiver says is its own affair."""
    with httpx2.Client(trust_env=False, follow_redirects=False, timeout=DEADLINE_S) as client:
        for headers, body in told:
            with suppress(httpx2.HTTPError):
                client.post(url, content=body, headers=headers)
