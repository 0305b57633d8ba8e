"""Requests to the simulator in few words, and its replies as a story."""

from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Reply, Request


def asking(operation: Operation, key: str, amount: int = 0, **fields) -> Request:
    currency = "USD" if amount else ""
    return Request(operation, "ymca", "main", key, **{"amount": amount, "currency": currency, **fields})


def charging(key: str, amount: int = 4500, token: str = "tok_approve") -> Request:
    return asking(Operation.CHARGE, key, amount, token=token)


def refunding(key: str, of: str, amount: int, **fields) -> Request:
    return asking(Operation.REFUND, key, amount, of=of, **fields)


def voiding(key: str, of: str) -> Request:
    return asking(Operation.VOID, key, of=of)


def told(reply: Reply) -> str:
    return reply.script.code or f"{reply.script.answer}:{reply.effect}"


def story(simulator: Simulator, *requests: Request) -> list[str]:
    return [told(reply) for reply in simulator.perform(requests)]
