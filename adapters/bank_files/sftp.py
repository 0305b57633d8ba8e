"""A mailbox that is a folder of a bank's SFTP server, whose host key is known before anything is said to it."""

import base64
import posixpath
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from stat import S_ISREG
from typing import Any

import paramiko

from adapters.bank_files.mailbox import CHUNK, Letter, Mailbox, MailboxError, NotReached, NotThere
from adapters.bank_files.server import Server

CONNECT_S = 15.0
ANSWER_S = 60.0  # of one answer of the server; a file of a hundred thousand entries goes in many
TROUBLE = (paramiko.SSHException, OSError, EOFError)


@contextmanager
def open_sftp(server: Server) -> Iterator[Mailbox]:
    """Raises NotReached: another host key, no such user, nobody there."""
    transport = None
    try:
        transport = _connected(server)
        sftp = paramiko.SFTPClient.from_transport(transport)
        if sftp is None:
            raise NotReached("no_channel")
        channel: Any = sftp.get_channel()
        channel.settimeout(ANSWER_S)
    except TROUBLE as error:
        if transport is not None:
            transport.close()
        raise NotReached(_why(error)) from error
    except BaseException:
        if transport is not None:
            transport.close()
        raise
    try:
        yield Sftp(sftp, server)
    finally:
        with suppress(*TROUBLE):
            sftp.close()
        transport.close()


def _connected(server: Server) -> Any:
    """Its host key is compared before the secret is sent: a message that names another server gets nothing."""
    kind, _, rest = server.host_key.strip().partition(" ")
    expected = base64.b64decode(rest.split()[0]) if rest.split() else b""
    opened = socket.create_connection((server.host, server.port), timeout=CONNECT_S)
    transport = paramiko.Transport(opened)
    try:
        transport.banner_timeout = transport.auth_timeout = CONNECT_S
        options = transport.get_security_options()
        options.key_types = [one for one in options.key_types if one == kind or (kind == "ssh-rsa" and "rsa" in one)]
        transport.start_client(timeout=CONNECT_S)
        shown = transport.get_remote_server_key()
        if shown.asbytes() != expected:
            raise paramiko.SSHException("host_key")
        _sign_in(transport, server)
    except BaseException:
        transport.close()
        raise
    return transport


def _sign_in(transport: Any, server: Server) -> None:
    if "PRIVATE KEY" not in server.secret:
        transport.auth_password(server.user, server.secret)
        return
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError):
            key = kind.from_private_key(StringIO(server.secret))
            transport.auth_publickey(server.user, key)
            return
    raise paramiko.SSHException("private_key")


class Sftp:
    """See `Mailbox`."""

    def __init__(self, sftp: Any, server: Server) -> None:
        self._sftp = sftp
        self._server = server

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        try:
            with self._sftp.open(self._at(name), "wb") as out:
                out.set_pipelined(True)
                for part in parts:
                    out.write(part)
                with suppress(OSError):  # a server need not know this extension: it is read back anyhow
                    self._sync(out)
        except TROUBLE as error:
            raise MailboxError(_why(error)) from error

    def rename(self, name: str, to: str) -> None:
        try:
            try:
                self._sftp.posix_rename(self._at(name), self._at(to))
            except OSError:
                self._sftp.rename(self._at(name), self._at(to))
        except TROUBLE as error:
            raise MailboxError(_why(error)) from error

    def read(self, name: str) -> Iterator[bytes]:
        yield from self._read(self._at(name))

    def remove(self, name: str) -> None:
        try:
            self._sftp.remove(self._at(name))
        except FileNotFoundError:
            return
        except TROUBLE as error:
            raise MailboxError(_why(error)) from error

    def letters(self) -> list[Letter]:
        if not self._server.returns:
            return []
        try:
            found = self._sftp.listdir_attr(self._server.returns)
        except TROUBLE as error:
            raise MailboxError(_why(error)) from error
        files = [one for one in found if S_ISREG(one.st_mode or 0) and not one.filename.startswith(".")]
        letters = [
            Letter(name=one.filename, size=one.st_size or 0, modified=int(one.st_mtime or 0)) for one in files
        ]  # fmt: skip
        return sorted(letters, key=lambda letter: letter.name)

    def open(self, letter: Letter) -> Iterator[bytes]:
        yield from self._read(posixpath.join(self._server.returns, letter.name))

    def _read(self, path: str) -> Iterator[bytes]:
        try:
            with self._sftp.open(path, "rb") as opened:
                opened.prefetch()
                while part := opened.read(CHUNK):
                    yield part
        except FileNotFoundError:
            raise NotThere(posixpath.basename(path)) from None
        except TROUBLE as error:
            raise MailboxError(_why(error)) from error

    def _at(self, name: str) -> str:
        return posixpath.join(self._server.out, name)

    def _sync(self, out: Any) -> None:
        """On its disk, where the server knows how to be asked for that."""
        out.flush()
        self._sftp._request(paramiko.sftp.CMD_EXTENDED, "fsync@openssh.com", out.handle)


def _why(error: BaseException) -> str:
    """A word about what failed; never what the server said, which may hold what we sent."""
    if isinstance(error, paramiko.AuthenticationException):
        return "sign_in_refused"
    if str(error) in ("host_key", "private_key"):
        return str(error)
    if isinstance(error, TimeoutError | EOFError | ConnectionError):
        return "connection_lost"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower().replace(" ", "_")[:40]
    return "connection_lost"
