"""Logs go to standard error, in one shape, without secrets; a logger that fails fails nothing (F-123, F-124)."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from adapters.logs import configure, log_event, log_failure
from adapters.settings import Settings

CANARY = "4111 1111 1111 1111"


Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, structlog.get_config())
    yield
    root.handlers[:], root.level = before[0], before[1]
    structlog.configure(**before[2])
    structlog.contextvars.clear_contextvars()


def settings(log_format: str = "json") -> Settings:
    return Settings(_env_file=None, log_format=log_format)


def lines(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_json_line_with_its_instant(capsys: Capture):
    configure(settings())
    log_event("payment.approved", payment="p-1", amount=4_500)
    told = capsys.readouterr()
    line = json.loads(told.err)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "payment.approved", "payment": "p-1", "amount": 4_500, "level": "info"}
    assert told.out == ""


def test_everybody_elses_lines_have_the_same_shape(capsys: Capture):
    configure(settings())
    logging.getLogger("somebody.else").warning("GET %s", "/livez")
    [line] = lines(capsys)
    assert (line["event"], line["logger"], line["level"]) == ("GET /livez", "somebody.else", "warning")


def test_what_is_bound_to_the_context_is_in_every_line(capsys: Capture):
    configure(settings())
    with structlog.contextvars.bound_contextvars(correlation="c-7"):
        log_event("a.b")
        logging.getLogger("x").warning("c")
    assert [line["correlation"] for line in lines(capsys)] == ["c-7", "c-7"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_nothing_secret_is_ever_logged(capsys: Capture, log_format: str):
    configure(settings(log_format))
    log_event("a.b", note=f"card {CANARY}", nested=[{"token": "tok_canary"}], number=4111111111111111)
    logging.getLogger("x").warning("pay %s with %s", CANARY, {"password": "tok_canary"})
    try:
        raise ValueError(f"token=tok_canary {CANARY}")
    except ValueError as error:
        log_failure("a.failed", error)
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "tok_canary" not in written
    assert "4111" not in written


def test_a_value_that_can_not_be_shown_fails_nothing(capsys: Capture):
    class Nasty:
        def __str__(self) -> str:
            raise RuntimeError("no text")

        __repr__ = __str__

    configure(settings())
    log_event("a.b", value=Nasty(), other=1)
    [line] = lines(capsys)
    assert (line["value"], line["other"]) == ("***", 1)


def test_a_closed_standard_error_fails_nothing(monkeypatch: pytest.MonkeyPatch):
    configure(settings())
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    log_event("a.b")
    logging.getLogger("x").error("c")
