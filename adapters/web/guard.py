"""What every answer carries, and where a form may come from."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.settings import Settings
from adapters.web.cookies import is_secure
from adapters.web.sessions import ForgedForm

# Nothing but our own files: no inline script or style, no frame, no other host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
# A mail as it looks has its styles in it; it is shown in a box that nothing comes out of.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
MAIL_PAGE = re.compile(r"/mailbox/[^/]+/html")
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
HSTS = "max-age=31536000"  # a year, as browsers' preload lists ask
NO_STORE = "no-store"
FILES_LAST = "public, max-age=31536000, immutable"  # their address changes with their content
SAME_SITE = ("same-origin", "none")  # `none`: the person did it themselves, from the address bar


def headers_for(settings: Settings) -> dict[str, str]:
    return HEADERS | ({"strict-transport-security": HSTS} if is_secure(settings) else {})


class Headers:
    """Middleware: the security headers on every answer, and no copy of a page in any cache."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = headers_for(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_file = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                if MAIL_PAGE.fullmatch(scope["path"]):
                    headers["content-security-policy"] = MAIL_POLICY
                kept = is_file and message["status"] in (200, 304)
                headers["cache-control"] = FILES_LAST if kept else NO_STORE
            await send(message)

        await self.app(scope, receive, with_headers)


def from_our_pages(request: Request) -> None:
    """The first lock of every form: the browser says where it was sent from, and that is here. Raises
    ForgedForm when it was not, or when the browser says nothing at all."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        raise ForgedForm
    if site is not None and site not in SAME_SITE:
        raise ForgedForm
    if origin is not None and not _ours(origin, request):
        raise ForgedForm


def _ours(origin: str, request: Request) -> bool:
    settings: Settings = request.app.state.app.settings
    public = urlsplit(settings.public_url)
    if origin == f"{public.scheme}://{public.netloc}":
        return True
    # The demo takes the next free port; a browser never lies about either of the two.
    return not is_secure(settings) and origin == f"http://{request.headers.get('host', '')}"
