"""The session's cookie on the wire: read from `Cookie`, written as `Set-Cookie`, kept as JSON.

The form is express-session's, so that both sides read each other's.
"""

from collections.abc import Callable
from functools import lru_cache
from math import ceil
from time import gmtime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from ..expiry import NEVER, to_datetime, to_iso
from .options import CookieOptions
from .signing import Signer

__all__ = ["CookieWriter", "Unsign", "signed_ids", "unsigning"]

Unsign = Callable[[bytes], str | None]
"""From a cookie's value to the id in it, if the signature holds."""

_MOST_CANDIDATES = 3
# Cookies of one name differ in path and domain; a thousand of them would be an attack.
_MOST_LOOKED_AT = 32
# An id has at most 255 bytes; with its signature and every byte escaped it stays below this.
_LONGEST_VALUE = 1024
_NO_LIFETIME = dict.fromkeys(("originalMaxAge", "expires", "maxAge"))
_MOST_REMEMBERED = 4096
"""A megabyte or so: a page with its pictures, and the next one, bring the same cookie."""
_BLANKS = b" \t"
_UNESCAPED = "!~*'()"  # beside what quote never escapes: JavaScript's encodeURIComponent

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def signed_ids(header: bytes, name: bytes, unsign: Unsign) -> list[str]:
    """The ids in the cookies of this name whose signature holds: in order, three at most.

    Whatever is odd about a cookie makes it none.  Takes time in proportion to the header's length,
    and looks at no more places with the name in it than a browser would ever send.
    """
    ids: list[str] = []
    # All that lies between two places where the name stands is passed over.
    found = header.find(name)
    for _ in range(_MOST_LOOKED_AT):
        if found < 0:
            break
        end = header.find(b";", found)
        if end < 0:
            end = len(header)
        key, _, value = header[header.rfind(b";", 0, found) + 1 : end].partition(b"=")
        if key.strip(_BLANKS) == name:
            sid = unsign(value.strip(_BLANKS)) if len(value) <= _LONGEST_VALUE else None
            if sid is not None and sid not in ids:
                ids.append(sid)
                if len(ids) == _MOST_CANDIDATES:
                    break
        found = header.find(name, end)
    return ids


def unsigning(signer: Signer) -> Unsign:
    """Reads values with this signer, and remembers those that were genuine, the last used ones.

    A signature that held once holds as long as the secret is the same.  A forged value is never
    remembered, so that no flood of them drives out the others.
    """

    @lru_cache(maxsize=_MOST_REMEMBERED)
    def genuine(value: bytes) -> str:
        sid = _unsigned(value, signer)
        if sid is None:
            raise _Forged
        return sid

    def unsign(value: bytes) -> str | None:
        try:
            return genuine(value)
        except _Forged:
            return None

    return unsign


class _Forged(Exception):
    """No secret of ours signed it."""


def _unsigned(value: bytes, signer: Signer) -> str | None:
    if value.startswith(b"s%3A"):
        # As a cookie with an id from here is written: no need for a decoder.
        signed = value[4:].replace(b"%2B", b"+").replace(b"%2F", b"/")
        if b"%" not in signed:
            return signer.unsign(signed)
    if value[:1] == b'"' == value[-1:]:
        value = value[1:-1]
    plain = unquote_to_bytes(value)
    if len(value) - len(plain) != 2 * value.count(b"%"):
        return None  # a "%" that begins no escape
    return signer.unsign(plain[2:]) if plain.startswith(b"s:") else None


class CookieWriter:
    """Writes one cookie for requests of one kind, those over HTTPS or the others."""

    def __init__(self, name: str, options: CookieOptions, signer: Signer, *, https: bool) -> None:
        secure = https if options.secure == "auto" else bool(options.secure)
        same_site = options.same_site
        if same_site == "auto":
            same_site = "none" if secure else "lax"
        head = f"; Domain={options.domain}" if options.domain else ""
        self._start = f"{name}="
        self._head = f"{head}; Path={options.path}"
        self._tail = "".join(
            f"; {attribute}"
            for attribute, said in (
                ("HttpOnly", options.http_only),
                ("Secure", secure),
                ("Partitioned", options.partitioned),
                (f"Priority={str(options.priority).title()}", options.priority),
                (f"SameSite={str(same_site).title()}", same_site),
            )
            if said
        )
        self._sign = signer.sign
        self.deletion = self._header("", 0, 0)
        """The header that ends the cookie in the browser."""
        kept = {
            "originalMaxAge": None,
            "partitioned": options.partitioned or None,
            "priority": options.priority,
            "expires": None,
            "secure": secure,
            "httpOnly": options.http_only,
            "domain": options.domain,
            "path": options.path,
            "sameSite": same_site,
        }
        lifetime = ("originalMaxAge", "expires")
        self._kept = {k: v for k, v in kept.items() if v is not None or k in lifetime}

    def header(self, sid: str, lifetime: int | None, now: int) -> bytes:
        """The `Set-Cookie` for this id.  With a lifetime it ends that much after now."""
        return self._header(quote(f"s:{self._sign(sid)}", safe=_UNESCAPED), lifetime, now)

    def to_json(self, lifetime: int | None, ends: int, left: int | None) -> dict[str, Any]:
        """The `cookie` object of a row that ends then, with express-session's names.

        Without a lifetime, `left` is how long it lives if that is not the store's `ttl`: `expires`
        would give the browser's cookie an end.
        """
        if lifetime is not None:
            expires = to_iso(to_datetime(ends))
            return {**self._kept, "originalMaxAge": lifetime, "expires": expires}
        return self._kept if left is None else {**self._kept, "maxAge": left}

    def is_kept_in(self, cookie: Any) -> bool:
        """Whether a row's `cookie` object says the same as this one would, but for the lifetime."""
        if not isinstance(cookie, dict):
            return False
        # On the path of every changed request, hence in C.
        return {**cookie, **_NO_LIFETIME} == {**self._kept, **_NO_LIFETIME}

    def _header(self, value: str, lifetime: int | None, now: int) -> bytes:
        until = ""
        if lifetime is not None:
            date = _http_date(min(now + lifetime, NEVER) // 1000)
            until = f"; Expires={date}; Max-Age={ceil(lifetime / 1000)}"
        return f"{self._start}{value}{self._head}{until}{self._tail}".encode()


def _http_date(seconds: int) -> str:
    """As RFC 9110 wants it, in English whatever the locale."""
    t = gmtime(seconds)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{day}, {t.tm_mday:02} {month} {t.tm_year:04} {clock} GMT"
