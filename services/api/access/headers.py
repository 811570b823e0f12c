"""What every answer tells browsers: run nothing from elsewhere, be in nobody's frame, guess no types, say nobody where you came from."""

from __future__ import annotations

from flask import Response, request

# Pages of our own, which fetch everything from here. Libraries of the web app write styles as they go; scripts are files.
_PAGES = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Everything else is data.
_DATA = "default-src 'none'; frame-ancestors 'none'"
_WITH_PAGES = ("/ui/", "/api/docs")
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that, browsers hide the origin of forms from ourselves, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# For gunicorn's own answers, which no route gives.
OF_DATA = {**FIXED, "Content-Security-Policy": _DATA}
_ONLY_HTTPS = "max-age=31536000"


def tell(response: Response) -> None:
    """A resource that says one of them itself knows better."""
    pages = request.path == "/ui" or request.path.startswith(_WITH_PAGES)
    for name, value in {**FIXED, "Content-Security-Policy": _PAGES if pages else _DATA, "Cache-Control": "no-store"}.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _ONLY_HTTPS)
