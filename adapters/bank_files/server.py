"""A bank's SFTP server, and as whom files are laid down there."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where and as whom. `host_key` is a line such as `ssh-ed25519 AAAA…`; `secret` a password or a private key."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    host_key: str
    out: str
    returns: str
