"""OpenID Connect: what an identity provider says of a person, believed only when all of it holds."""

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # never `none`, never one whose key is our own secret
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TIMEOUT_S = 10.0
KEPT_S = 600.0  # what a provider says of itself; its keys are read again sooner when a new one signs
LEEWAY_S = 60  # between two clocks
MAX_AGE_S = 600  # of an identity token: it was made for this very visit
SCOPE = "openid"


class NotBelieved(Exception):
    """The provider did not say it, or not of this visit; `why` is for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One way to the provider and back: what the answer must fit."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> "Visit":
        return cls(state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Provider:
    """One provider; what it says of itself is kept for a while."""

    def __init__(self, settings: Settings, http: httpx2.Client | None = None) -> None:
        self.issuer = (settings.oidc_issuer or "").rstrip("/")
        self.client = settings.oidc_client_id
        self.secret = settings.oidc_client_secret
        self.back = f"{settings.public_url.rstrip('/')}/sign-in/oidc/back"
        self._http = http or httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False)
        self._guard = threading.Lock()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def close(self) -> None:
        self._http.close()

    def way_there(self, visit: Visit) -> str:
        """Where the browser is sent; raises NotBelieved."""
        asked = {
            "response_type": "code", "client_id": self.client, "redirect_uri": self.back, "scope": SCOPE,
            "state": visit.state, "nonce": visit.nonce, "code_challenge": visit.challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self._about_itself()['authorization_endpoint']}?{urlencode(asked)}"

    def subject(self, visit: Visit, code: str, *, issuer: str = "") -> str:
        """Whom the provider has recognised: a name of its own that never changes hands, never an address. Raises
        NotBelieved."""
        if issuer and issuer.rstrip("/") != self.issuer:  # RFC 9207: an answer of another provider
            raise NotBelieved("issuer")
        told = self._about_itself()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.back,
            "code_verifier": visit.verifier,
        }  # fmt: skip
        try:
            answer = self._http.post(told["token_endpoint"], data=form, auth=(self.client, self.secret))
            token = answer.json()["id_token"] if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NotBelieved(type(error).__name__) from error
        if not isinstance(token, str):
            raise NotBelieved("no_token")
        return self._believed(token, visit)

    def _believed(self, token: str, visit: Visit) -> str:
        claims = self._signed(token)
        now = time.time()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        checks = {
            "issuer": str(claims.get("iss", "")).rstrip("/") == self.issuer,
            "audience": self.client in audiences,
            "party": claims.get("azp", self.client) == self.client and (len(audiences) == 1 or "azp" in claims),
            "expired": _number(claims.get("exp")) > now - LEEWAY_S,
            "issued_at": now - MAX_AGE_S < _number(claims.get("iat")) < now + LEEWAY_S,
            "not_before": _number(claims.get("nbf", 0)) < now + LEEWAY_S,
            "nonce": secrets.compare_digest(str(claims.get("nonce", "")).encode(), visit.nonce.encode()),
            "subject": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
        }  # fmt: skip
        wrong = [name for name, right in checks.items() if not right]
        if wrong:
            raise NotBelieved(", ".join(wrong))
        return str(claims["sub"])

    def _signed(self, token: str) -> dict[str, Any]:
        """The claims, signed by a key of the provider; read again once, should it have a new one."""
        for again in (False, True):
            try:
                return dict(jwt.decode(token, self._key_set(again=again), algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
                if again:
                    raise NotBelieved(f"signature: {type(error).__name__}") from error
        raise AssertionError("unreachable")

    def _about_itself(self) -> dict[str, Any]:
        with self._guard:
            if self._told is None or time.monotonic() - self._told[0] > KEPT_S:
                told = self._read(f"{self.issuer}/.well-known/openid-configuration")
                if str(told.get("issuer", "")).rstrip("/") != self.issuer:
                    raise NotBelieved("issuer_of_itself")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _safe(str(told.get(name, "")))
                self._told = (time.monotonic(), told)
            return self._told[1]

    def _key_set(self, *, again: bool) -> KeySet:
        address = str(self._about_itself()["jwks_uri"])
        with self._guard:
            if again or self._keys is None or time.monotonic() - self._keys[0] > KEPT_S:
                found = self._read(address)
                self._keys = (time.monotonic(), KeySet.import_key_set(found))  # type: ignore[arg-type]
            return self._keys[1]

    def _read(self, url: str) -> dict[str, Any]:
        try:
            answer = self._http.get(_safe(url))
            found = answer.json() if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError) as error:
            raise NotBelieved(type(error).__name__) from error
        if not isinstance(found, dict):
            raise NotBelieved("unreadable")
        return found


def _safe(url: str) -> str:
    """https, or this very machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise NotBelieved("not_https")
    return url


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
