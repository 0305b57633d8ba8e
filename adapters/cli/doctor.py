"""The doctor: what is wrong with the set-up, in words, and the settings without their secrets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.cli import show
from adapters.database.engine import FIXED_WAL, make_engine
from adapters.database.migrate import is_current
from adapters.locale import both, say
from adapters.scrubbing import MASK, is_secret, scrub_text
from adapters.settings import Settings

MAX_SKEW_S = 2.0  # F-53
MIN_SECRET = 32  # characters
REDIS_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `trouble` says that somebody must do something. A `warning` is for people only:
    the process is well, and whoever watches its health need not know."""

    check: str
    trouble: bool
    params: dict[str, Any]
    warning: bool = False

    @property
    def words(self) -> str:
        return f"doctor.{self.check}.{'bad' if self.trouble or self.warning else 'good'}"


def examine(settings: Settings, *, as_json: bool, language: str) -> bool:
    """Looks at everything, whatever is found on the way; answers whether all is well."""
    found = [finding for look in LOOKS for finding in look(settings)]
    well = not any(finding.trouble for finding in found)
    if as_json:
        findings = [
            {
                "check": one.check,
                "ok": not one.trouble,
                "warning": one.warning,
                "message": both(one.words, **one.params),
            }
            for one in found
        ]
        show.document({"ok": well, "findings": findings, "settings": redacted(settings)})
        return well
    for one in found:
        show.line(f"{'✗' if one.trouble else '!' if one.warning else '✓'} {say(one.words, language, **one.params)}")
    for name, value in redacted(settings).items():
        show.line(f"  {name} = {value}")
    if well:
        show.line(say("cli.well", language))
    return well


def redacted(settings: Settings) -> dict[str, str]:
    """The settings by the names of their variables; secrets and passwords in addresses are masked."""
    return {
        f"ENCAISSE_{name.upper()}": MASK if is_secret(name) and value else scrub_text(str(value))
        for name, value in settings.model_dump().items()
    }


def _database(settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    if path is not None and not path.exists():
        yield Finding(check="database", trouble=True, params={"why": f"{path}: no such file"})
        return
    engine = make_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            before = datetime.now(UTC)
            clock = "unixepoch('subsec')" if path is not None else "extract(epoch FROM clock_timestamp())"
            theirs = float(connection.execute(text(f"SELECT {clock}")).scalar_one())
        skew = abs(theirs - before.timestamp())
        yield Finding(check="database", trouble=False, params={})
        current = is_current(settings.database_url)
        yield Finding(check="schema", trouble=not current, params={})
        if path is None:
            yield Finding(check="clock", trouble=skew > MAX_SKEW_S, params={"seconds": f"{skew:.1f}"})
    except DBAPIError as error:
        why = scrub_text(str(error.orig).strip().partition("\n")[0])
        yield Finding(check="database", trouble=True, params={"why": why})
    finally:
        engine.dispose()
    if path is not None:
        yield _sqlite()


def _sqlite() -> Finding:
    import pysqlite3

    version = pysqlite3.dbapi2.sqlite_version_info
    params = {"version": ".".join(map(str, version)), "fixed": ".".join(map(str, FIXED_WAL))}
    return Finding(check="sqlite", trouble=version < FIXED_WAL, params=params)


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        return
    import redis

    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, decode_responses=True) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
            append = client.config_get("appendonly").get("appendonly")
    except (redis.RedisError, OSError, ValueError) as error:
        yield Finding(check="redis", trouble=True, params={"why": scrub_text(str(error))})
        return
    yield Finding(check="redis", trouble=False, params={})
    yield Finding(check="redis_eviction", trouble=policy != "noeviction", params={"policy": policy})
    yield Finding(check="redis_appendonly", trouble=append != "yes", params={})


def _secret(settings: Settings) -> Iterator[Finding]:
    if not settings.embedded:
        yield Finding(check="secret", trouble=len(settings.secret) < MIN_SECRET, params={"characters": MIN_SECRET})


def _seal_keys(settings: Settings) -> Iterator[Finding]:
    if not settings.embedded or settings.vault_roots:
        shortest = min(map(len, settings.vault_roots), default=0)
        yield Finding(check="seal_keys", trouble=shortest < MIN_SECRET, params={"characters": MIN_SECRET})


def _journal(settings: Settings) -> Iterator[Finding]:
    if settings.simulator_url is not None:
        return
    path = settings.journal_path
    yield Finding(check="journal", trouble=not _writable(path), params={"path": str(path)})


def _processors(settings: Settings) -> Iterator[Finding]:
    from adapters.cli.doctor_care import processors

    yield from processors(settings)


def _accounts(settings: Settings) -> Iterator[Finding]:
    from adapters.cli.doctor_accounts import accounts

    yield from accounts(settings)


def _banks(settings: Settings) -> Iterator[Finding]:
    from adapters.cli.doctor_bank import banks

    yield from banks(settings)


def _writable(path: Path) -> bool:
    import os

    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    return path.parent.is_dir() and os.access(path.parent, os.W_OK)


def _mail(settings: Settings) -> Iterator[Finding]:
    from adapters.cli.mail_health import look

    for check, trouble, params in look(settings):
        yield Finding(check=check, trouble=trouble, params=params)


LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _database, _redis, _secret, _seal_keys, _journal, _accounts, _processors, _banks, _mail,
)  # fmt: skip
