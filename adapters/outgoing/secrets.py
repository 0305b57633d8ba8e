"""Secrets of webhooks and what they sign (Standard Webhooks). Kept are salts: a secret is made of one and of
ENCAISSE_SECRET, so that a copy of the database signs nothing."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.webhook import ROTATION, WebhookEndpoint

PREFIX = "whsec_"
SALT_BYTES = 24


class SecretChanged(Exception):
    """ENCAISSE_SECRET is not the one that the endpoint's secret was made with: rotate it."""


def new_key(root: str, organisation: str, endpoint: str) -> dict[str, Any]:
    salt = secrets.token_urlsafe(SALT_BYTES)
    made = _secret(root, organisation, endpoint, salt)
    return {"salt": salt, "print": _print(made), "until": None}


def rotated(keys: Sequence[Mapping[str, Any]], fresh: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], ...]:
    """The fresh one, and the newest of the others for a while: never more than two."""
    return dict(fresh), {**keys[0], "until": (now + ROTATION).isoformat()}


def secret_of(root: str, endpoint: WebhookEndpoint, key: Mapping[str, Any]) -> str:
    """`whsec_…`, as it was told once; raises SecretChanged."""
    made = _secret(root, endpoint.organisation, endpoint.id, key["salt"])
    if _print(made) != key["print"]:
        raise SecretChanged
    return made


def signatures(root: str, endpoint: WebhookEndpoint, *, id: str, at_s: int, body: bytes, now: datetime) -> str:
    """The header `webhook-signature`: one for each secret that is good now."""
    living = [key for key in endpoint.keys if key["until"] is None or datetime.fromisoformat(key["until"]) > now]
    return " ".join(sign(secret_of(root, endpoint, key), id=id, at_s=at_s, body=body) for key in living)


def sign(secret: str, *, id: str, at_s: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{id}.{at_s}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _secret(root: str, organisation: str, endpoint: str, salt: str) -> str:
    made = hmac.digest(root.encode(), f"webhook {organisation} {endpoint} {salt}".encode(), "sha256")
    return PREFIX + base64.b64encode(made).decode()


def _print(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]
