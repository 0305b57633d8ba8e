"""The vault: seals what must not be readable in the database, each text for one row and by a key that can change."""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.ports import SealBroken
from domain.refusal import Refusal

MARK = "sealed"  # begins every sealed text: sealed:<key's name>:<nonce and ciphertext, base64>
NONCE_BYTES = 12
KEY_BYTES = 32
BETWEEN = "\x1f"  # of what a text is about; no id holds it


class NoSealKey(Refusal):
    """Nothing secret is kept where there is no key to seal it: ENCAISSE_SEAL_KEYS, or ENCAISSE_SECRET."""

    code = "no_seal_key"


def is_sealed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(f"{MARK}:")


class Vault:
    """AES-256-GCM under a key of the organisation's own, made from one of `roots`: the first seals, all open.

    `file` is where an embedded database keeps a root of its own, made when it is first needed; it comes last.
    """

    def __init__(self, roots: Sequence[str] = (), *, file: Path | None = None) -> None:
        self._given = tuple(roots)
        self._file = file

    def seal(self, plain: str, about: tuple[str, ...]) -> str:
        """`about` is the organisation, then what names the row: the text opens for the same row only."""
        roots = self._roots() or self._made()
        if not roots:
            raise NoSealKey
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = _cipher(roots[0], about).encrypt(nonce, plain.encode(), _bound(about))
        return f"{MARK}:{_name(roots[0])}:{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, about: tuple[str, ...]) -> str:
        """Raises SealBroken."""
        try:
            mark, name, text = sealed.split(":")
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            raise SealBroken from None
        for root in self._roots():
            if mark == MARK and _name(root) == name:
                with suppress(InvalidTag):
                    opened = _cipher(root, about).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(about))
                    return opened.decode()
        raise SealBroken

    def newest(self) -> str:
        """How every text begins that the first key sealed; nothing where there is no key."""
        roots = self._roots()
        return f"{MARK}:{_name(roots[0])}:" if roots else ""

    def _roots(self) -> tuple[str, ...]:
        with suppress(FileNotFoundError):
            if self._file is not None and (kept := self._file.read_text("ascii").strip()):
                return (*self._given, kept)
        return self._given

    def _made(self) -> tuple[str, ...]:
        """A root of the file's own, whoever makes it first; whole or not at all, and for us alone to read."""
        if self._file is None:
            return ()
        draft = self._file.with_name(f"{self._file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
            made.flush()
            os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(draft, self._file)
        draft.unlink()
        return self._roots()


def _cipher(root: str, about: tuple[str, ...]) -> AESGCM:
    made = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"encaisse vault {about[0]}".encode()).derive(root.encode())
    return AESGCM(made)


def _bound(about: tuple[str, ...]) -> bytes:
    return BETWEEN.join(about).encode()


def _name(root: str) -> str:
    return hashlib.sha256(f"encaisse vault key {root}".encode()).hexdigest()[:8]
