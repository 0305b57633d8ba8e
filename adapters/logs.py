"""Logs: one configuration for ours and everybody's, on standard error, with nothing secret in them."""

import contextlib
import logging
import sys
from typing import Any, Protocol

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.scrubbing import MASK, is_plain, is_secret, scrub, scrub_numbers

QUIET = ("sqlalchemy.engine", "httpx", "httpcore", "urllib3", "alembic")  # they tell requests, parameters, every start


class LogSettings(Protocol):
    """What logs need of the settings."""

    @property
    def log_format(self) -> str: ...

    @property
    def log_level(self) -> str: ...


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


class Line:
    """A logger of structlog's that writes to whatever standard error is now; it never raises (F-123)."""

    def msg(self, line: str) -> None:
        with contextlib.suppress(Exception):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def configure(settings: LogSettings) -> None:
    """Once per process. JSON a line, or coloured lines on a terminal (`log_format` json, console or auto).

    Our own lines take the short way; what libraries log through the standard library looks the same.
    """
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    last: list[Any] = [structlog.processors.format_exc_info, scrub_values, stamp, _renderer(console), scrub_line]
    first: list[Any] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    foreign = [*first, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()]
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=foreign, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*first, *last],
        logger_factory=lambda *_: Line(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def _renderer(console: bool) -> Processor:
    if console:
        return structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(serializer=_json)


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def log_event(event: str, /, **fields: Any) -> None:
    """The domain's Log port. Never raises: a logger that fails must not fail a charge."""
    with contextlib.suppress(Exception):
        structlog.get_logger().info(event, **fields)


def log_failure(event: str, error: BaseException, /, **fields: Any) -> None:
    """Like log_event, with the error and where it came from."""
    with contextlib.suppress(Exception):
        structlog.get_logger().error(event, exc_info=error, **fields)


def scrub_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Masks card numbers and secrets in every nested value; a value that can't be read is masked whole."""
    clean: EventDict = {}
    for name, value in event.items():
        try:
            if is_plain(value) and not is_secret(name):
                clean[name] = value
            else:
                clean.update(scrub({name: value}))
        except Exception:  # a value whose text can't even be made
            clean[name] = MASK
    return clean


def scrub_line(_logger: WrappedLogger, _method: str, line: str) -> str:
    """The whole line once more: what a renderer made of an object is looked at too."""
    return scrub_numbers(line)
