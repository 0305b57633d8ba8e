"""Settings: from the environment (`ENCAISSE_…`), `.env` and secret files; nothing else decides."""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_FILES = Path("/run/secrets")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
DEFAULT_DATABASE = "sqlite:///encaisse.db"


class Settings(BaseSettings):
    """What a process needs to know before it starts. Secrets are redacted wherever settings are shown."""

    model_config = SettingsConfigDict(
        env_prefix="ENCAISSE_",
        env_file=".env",
        extra="ignore",
        secrets_dir=SECRET_FILES if SECRET_FILES.is_dir() else None,
    )

    database_url: str = DEFAULT_DATABASE
    redis_url: str | None = None
    simulator_url: str | None = None
    simulator_journal: Path | None = None
    secret: str = Field(default="", repr=False)
    seal_keys: str = Field(default="", repr=False)  # one or several, the newest first, with commas between
    credentials: dict[str, dict[str, SecretStr]] = Field(default_factory=dict)  # by organisation, then by name
    bank_folder: Path | None = None  # where bank files are laid down that go by no server
    now: AwareDatetime | None = None
    log_format: str = "auto"
    log_level: str = "info"
    requests_per_second: float = Field(default=100.0, ge=0)  # of one service's key in one process; 0 is no limit
    public_url: str = "http://127.0.0.1:8000"
    webhook_loopback: bool | None = None  # whether webhooks may go to this very machine; see below
    smtp_url: str | None = None  # smtp://user:password@host:587, smtps://host; without it mail is kept
    mail_from: str = "no-reply@localhost"
    guided: bool = False  # whether the first page names what is worth trying, as in the demo
    oidc_issuer: str | None = None  # an identity provider through which people may sign in
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", repr=False)
    oidc_name: str = "OpenID Connect"  # as its button calls it

    @property
    def embedded(self) -> bool:
        """One process on a SQLite file works the queue."""
        return self.database_url.startswith("sqlite")

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.embedded else None

    @property
    def vault_roots(self) -> tuple[str, ...]:
        """What seals bank accounts, the newest first: `seal_keys`, then `secret`."""
        named = (one.strip() for one in (*self.seal_keys.split(","), self.secret))
        return tuple(one for one in named if one)

    @property
    def vault_file(self) -> Path | None:
        """Where an embedded database keeps a key of its own, for who names none."""
        path = self.database_path
        return path.with_suffix(".sealkey") if path is not None else None

    def credential(self, organisation: str, name: str) -> str:
        """What opens an organisation's account at a processor; one never opens another's. Raises LookupError."""
        secret = self.credentials.get(organisation, {}).get(name)
        if secret is None or not secret.get_secret_value():
            raise LookupError(f"no credentials {name!r} of {organisation!r}")
        return secret.get_secret_value()

    @property
    def may_post_to_loopback(self) -> bool:
        """As said; else as long as the pages themselves are served to this very machine only."""
        if self.webhook_loopback is not None:
            return self.webhook_loopback
        return urlsplit(self.public_url).hostname in LOOPBACK

    @property
    def journal_path(self) -> Path:
        """The simulator's journal: as named, else beside the database."""
        if self.simulator_journal is not None:
            return self.simulator_journal
        path = self.database_path
        return path.with_suffix(".journal.jsonl") if path is not None else Path("simulator.journal.jsonl")

    @property
    def bank_root(self) -> Path:
        """Where bank files are laid down: as named, else beside the database."""
        if self.bank_folder is not None:
            return self.bank_folder
        path = self.database_path
        return path.with_suffix(".bank") if path is not None else Path("bank")

    def webhook_secrets(self, organisation: str, name: str) -> list[str]:
        """Those that may sign the webhooks of an account, the old beside the new (commas between): the credential
        `<name>.webhook`; none where nothing is configured."""
        try:
            given = self.credential(organisation, f"{name}.webhook")
        except LookupError:
            return []
        return [one.strip() for one in given.split(",") if one.strip()]

    def simulated(self, now: datetime | None) -> "Settings":
        """The same settings with another clock (`--now`)."""
        return self if now is None else self.model_copy(update={"now": now})
