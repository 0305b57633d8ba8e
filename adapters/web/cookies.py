"""Cookies: the session's, and a note that survives one redirect. Both for this host and its pages only."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from adapters.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
OIDC_LASTS_S = 600  # a visit at the identity provider
A_YEAR_S = 31_536_000
NOTE_LASTS_S = 60  # a redirect takes less
# What a note may say: each has words under `web.told.<code>`.
NOTES = (
    "retried", "already_yours", "rejected", "reopened", "asked", "paid", "not_paid", "signed_out", "operation_done",
    "operation_waits", "replayed", "sessions_ended", "person_kept", "settings_kept", "withdrawn",
)  # fmt: skip
NOTE = re.compile(r"([a-z_]{1,20})~([A-Za-z0-9._-]{0,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was just done, and to which item (or which operation it was)."""

    code: str
    item: str = ""


def is_secure(settings: Settings) -> bool:
    """Only a loopback address without TLS goes without Secure: the demo on somebody's own machine."""
    url = urlsplit(settings.public_url)
    return url.scheme == "https" or url.hostname not in LOOPBACK


def session_cookie(settings: Settings) -> str:
    return "__Host-encaisse" if is_secure(settings) else "encaisse"


def note_cookie(settings: Settings) -> str:
    return f"{session_cookie(settings)}-told"


def keep_session(response: Response, settings: Settings, token: str) -> None:
    _set(response, session_cookie(settings), token, settings)


def drop_session(response: Response, settings: Settings) -> None:
    _delete(response, session_cookie(settings), settings)


def leave_note(response: Response, settings: Settings, note: Note) -> None:
    _set(response, note_cookie(settings), f"{note.code}~{note.item}", settings, max_age=NOTE_LASTS_S)


def read_note(request: Request, settings: Settings) -> Note | None:
    """The note that the redirect left, if it is one of ours."""
    found = NOTE.fullmatch(request.cookies.get(note_cookie(settings), ""))
    if found is None or found[1] not in NOTES:
        return None
    return Note(code=found[1], item=found[2])


def speak_again(response: Response, settings: Settings, language: str) -> None:
    """The language that was chosen is kept for the next visit."""
    _set(response, f"{session_cookie(settings)}-language", language, settings, max_age=A_YEAR_S)


def spoken_before(request: Request, settings: Settings) -> str:
    return request.cookies.get(f"{session_cookie(settings)}-language", "")


def dismiss_guide(response: Response, settings: Settings, *, again: bool) -> None:
    name = f"{session_cookie(settings)}-guide"
    if again:
        _delete(response, name, settings)
    else:
        _set(response, name, "seen", settings, max_age=A_YEAR_S)


def guide_dismissed(request: Request, settings: Settings) -> bool:
    return bool(request.cookies.get(f"{session_cookie(settings)}-guide"))


def drop_note(response: Response, settings: Settings) -> None:
    _delete(response, note_cookie(settings), settings)


def oidc_cookie(settings: Settings) -> str:
    return f"{session_cookie(settings)}-oidc"


def keep_oidc(response: Response, settings: Settings, token: str) -> None:
    _set(response, oidc_cookie(settings), token, settings, max_age=OIDC_LASTS_S)


def drop_oidc(response: Response, settings: Settings) -> None:
    _delete(response, oidc_cookie(settings), settings)


def keys_cookie(settings: Settings) -> str:
    return f"{session_cookie(settings)}-keys"


def keys_are_off(request: Request, settings: Settings) -> bool:
    """Whether the person has turned the keyboard shortcuts off, in this browser."""
    return request.cookies.get(keys_cookie(settings)) == "off"


def switch_keys(response: Response, settings: Settings, *, on: bool) -> None:
    if on:
        _delete(response, keys_cookie(settings), settings)
    else:
        _set(response, keys_cookie(settings), "off", settings, max_age=A_YEAR_S)


SAME_SITE: Literal["lax"] = "lax"


def _set(response: Response, name: str, value: str, settings: Settings, *, max_age: int | None = None) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=is_secure(settings), httponly=True, samesite=SAME_SITE
    )


def _delete(response: Response, name: str, settings: Settings) -> None:
    response.delete_cookie(name, path="/", secure=is_secure(settings), httponly=True, samesite=SAME_SITE)
