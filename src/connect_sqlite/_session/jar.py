"""Which cookie a request's session has: where it counts, how it is read, and what is sent."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .cookie import CookieWriter, signed_ids, unsigning
from .options import CookieOptions, checked_name, cookie_options
from .plan import Outcome, Plan, Tell
from .signing import Signer
from .timeouts import Timeouts, to_milliseconds

__all__ = ["CookieChoice", "Jar", "SessionCookies"]

CookieChoice = CookieOptions | Mapping[str, Any] | Callable[[Any], Any] | None
"""Options, a mapping of them, or a function that chooses them for a request."""

_LOOPBACK_IPV4 = re.compile(rb"127(\.\d{1,3}){3}")


class SessionCookies:
    """The session's cookie under one set of options."""

    def __init__(self, name: str, options: CookieOptions, signer: Signer) -> None:
        options = checked_name(name, options)
        max_age = options.max_age
        self.lifetime = None if max_age is None else to_milliseconds(max_age, "cookie max_age")
        """A new session's, in milliseconds.  None: the cookie lasts as long as the browser runs."""
        self.writers = tuple(
            CookieWriter(name, options, signer, https=https) for https in (False, True)
        )
        self._path = options.path.rstrip("/")
        self._secure_only = options.secure is True

    def covers(self, path: str, root: str) -> bool:
        """Whether a request for this path has a session (RFC 6265, 5.1.4).

        `root` is where the application is mounted, as the browser sees it.  Some servers leave it
        out of the path.
        """
        own = self._path
        if not own:
            return True
        if path != root and not path.startswith(root + "/"):
            path = root + path
        return path == own or path.startswith(own + "/")

    def withholds(self, plan: Plan, *, https: bool, host: bytes) -> bool:
        """Whether the cookie is not sent, for it is `Secure` and the request came in the clear."""
        if https or not self._secure_only or plan.tell is not Tell.ID:
            return False
        return not _is_loopback(host)

    def set_cookie(
        self, plan: Plan, outcome: Outcome, timeouts: Timeouts, *, https: bool
    ) -> bytes | None:
        """The `Set-Cookie` that goes out with the response, if any.

        An id is sent only if the store has just said that it lives.  Nothing is sent when others
        ended the session meanwhile: the browser may have a newer one, which must stay.
        """
        writer = self.writers[https]
        if plan.tell is Tell.GOODBYE:
            return writer.deletion
        if plan.tell is not Tell.ID or outcome.sid is None or plan.kept is None:
            return None
        lifetime = outcome.lifetime
        if lifetime is not None:
            # The idle timeout moves with each use, of which the browser is not told.
            lifetime = min(lifetime, timeouts.limit(plan.kept.marks.began) - plan.now)
        return writer.header(outcome.sid, lifetime, plan.now)


class Jar:
    """Finds the cookies of a request, whose options may follow from it."""

    def __init__(self, name: str, cookie: CookieChoice, signer: Signer) -> None:
        self._name = name.encode()
        self._unsign = unsigning(signer)

        @lru_cache(maxsize=64)
        def made(options: CookieOptions) -> SessionCookies:
            return SessionCookies(name, options, signer)

        self._made = made
        self._choose = cookie if callable(cookie) else None
        self.covers_everything = not callable(cookie) and cookie_options(cookie).path == "/"
        # With a function too, for it checks the name.
        self._one = made(cookie_options(None if callable(cookie) else cookie))

    def of(self, request: Any) -> SessionCookies:
        """The cookies of a request, whatever that is to the application's gateway."""
        if self._choose is None:
            return self._one
        return self._made(cookie_options(self._choose(request)))

    def offered(self, cookies: bytes) -> list[str]:
        """The ids to try, in order, from the request's `Cookie` fields joined by `; `."""
        return signed_ids(cookies, self._name, self._unsign)


def _is_loopback(host: bytes) -> bool:
    """The hosts to which browsers send `Secure` cookies in the clear."""
    name = host[: host.find(b"]") + 1] if host[:1] == b"[" else host.partition(b":")[0]
    name = name.lower()
    return (
        name in (b"localhost", b"[::1]")
        or name.endswith(b".localhost")
        or bool(_LOOPBACK_IPV4.fullmatch(name))
    )
