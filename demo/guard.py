"""Protects every page: refuses forms of other sites, and tells browsers to be strict."""

from urllib.parse import urlsplit

from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With "no-referrer" browsers would say `Origin: null` for the app's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """An HTTP middleware."""
    response: Response
    if request.method not in SAFE_METHODS and is_cross_site(request):
        response = PlainTextResponse("Refused: this form was sent from another site.\n", 403)
    else:
        response = await call_next(request)
    response.headers.update(HEADERS)
    return response


def is_cross_site(request: Request) -> bool:
    """Whether a browser says that another site sent this.  What says nothing is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
