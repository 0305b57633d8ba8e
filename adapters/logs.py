"""Logs: one configuration for ours and everybody's, on standard error, with nothing secret in them."""

import contextlib
import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.scrubbing import MASK, scrub, scrub_numbers
from adapters.settings import Settings

QUIET = ("sqlalchemy.engine", "httpx", "httpcore", "urllib3", "alembic")  # they tell requests, parameters, every start
OURS = "encaisse"


class StandardError(logging.StreamHandler[Any]):
    """Writes to whatever standard error is now; what can't be written is dropped, never raised (F-123)."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            self.stream = sys.stderr
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A log line is lost; a charge is not."""


def configure(settings: Settings) -> None:
    """Once per process. JSON a line, or coloured lines on a terminal (`log_format` json, console or auto)."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                scrub_values,
                render,
                scrub_line,  # type: ignore[list-item]  # the last processor answers the line itself
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def log_event(event: str, /, **fields: Any) -> None:
    """The domain's Log port. Never raises: a logger that fails must not fail a charge."""
    with contextlib.suppress(Exception):
        structlog.stdlib.get_logger(OURS).info(event, **fields)


def log_failure(event: str, error: BaseException, /, **fields: Any) -> None:
    """Like log_event, with the error and where it came from."""
    with contextlib.suppress(Exception):
        structlog.stdlib.get_logger(OURS).error(event, exc_info=error, **fields)


def scrub_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Masks card numbers and secrets in every nested value; a value that can't be read is masked whole."""
    clean: EventDict = {}
    for name, value in event.items():
        try:
            clean.update(scrub({name: value}))
        except Exception:  # a value whose text can't even be made
            clean[name] = MASK
    return clean


def scrub_line(_logger: WrappedLogger, _method: str, line: str) -> str:
    """The whole line once more: what a renderer made of an object is looked at too."""
    return scrub_numbers(line)
