"""A real SFTP server on this machine: paramiko's server side over a folder, which tests may tell to lie."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "club", "secret:with a colon"


@dataclass(slots=True)
class Lies:
    """What the server does otherwise than it says."""

    keeps_nothing: bool = False
    drops_after: int = 0  # bytes; then the connection is gone


class _Door(paramiko.ServerInterface):  # type: ignore[misc]
    def __init__(self, key: Any) -> None:
        self.key = key

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_auth_password(self, username: str, password: str) -> int:
        return int(paramiko.AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: Any) -> int:
        good = self.key is not None and username == USER and key == self.key
        return int(paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"


class _Handle(paramiko.SFTPHandle):  # type: ignore[misc]
    """A file; what is written may vanish, and after so many bytes the line may be cut."""

    lies: Lies
    transport: Any
    written = 0

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def write(self, offset: int, data: bytes) -> Any:
        self.written += len(data)
        if self.lies.drops_after and self.written > self.lies.drops_after:
            self.transport.close()
            return paramiko.SFTP_FAILURE
        return paramiko.SFTP_OK if self.lies.keeps_nothing else super().write(offset, data)


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc]
    root: Path
    lies: Lies

    def __init__(self, server: Any, *args: Any, **more: Any) -> None:
        super().__init__(server, *args, **more)
        self.transport = server.transport

    def _real(self, path: str) -> Path:
        return Path(self.root) / str(self.canonicalize(path)).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in sorted(self._real(path).iterdir())
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            opened = os.open(self._real(path), flags, 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        mode = "wb" if flags & os.O_WRONLY else "r+b" if flags & os.O_RDWR else "rb"
        handle = _Handle(flags)
        handle.lies, handle.transport = self.lies, self.transport
        file = os.fdopen(opened, mode)
        handle.filename, handle.readfile, handle.writefile = str(path), file, file
        return handle

    def remove(self, path: str) -> Any:
        return self._do(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> Any:
        return self._do(lambda: os.rename(self._real(oldpath), self._real(newpath)))

    posix_rename = rename

    def _do(self, work: Any) -> Any:
        try:
            work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK


@dataclass(slots=True)
class SftpServer:
    """`host_key` as the credentials hold it; `client_key` is the private key that it takes too."""

    root: Path
    port: int
    host_key: str
    lies: Lies
    connections: int = 0
    transports: list[Any] = field(default_factory=list)


@contextmanager
def sftp_server(root: Path, *, client_key: Any = None) -> Iterator[SftpServer]:
    key = paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    server = SftpServer(root, listening.getsockname()[1], f"{key.get_name()} {key.get_base64()}", Lies())
    files = type("Files", (_Files,), {"root": root, "lies": server.lies})

    def accept() -> None:
        while True:
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            server.connections += 1
            transport = paramiko.Transport(opened)
            server.transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            door = _Door(client_key)
            door.transport = transport
            with suppress(Exception):  # who goes away while they sign in is no trouble of the server's
                transport.start_server(server=door)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)
        for transport in server.transports:
            transport.close()
            transport.join(5)
