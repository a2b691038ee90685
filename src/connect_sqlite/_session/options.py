"""The cookie's configuration, checked when it is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal

from .timeouts import to_milliseconds

__all__ = ["CookieOptions", "check_choice", "checked_name", "cookie_options", "joined_options"]

# RFC 6265: a name is an HTTP token; a path is any text without controls and ";".
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"/[!-:<-~]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")

# Browsers take 4,096 bytes of name and value together; a signed id of 255 bytes may need 900.
_LONGEST_NAME = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieOptions:
    """What the session's cookie says.  A value that no browser would take is an error at once.

    The defaults are express-session's, but for `same_site` and `secure`: `SameSite=Lax` always, and
    `Secure` on HTTPS.
    """

    path: str = "/"
    """Requests outside this path have no session.  Whole segments count: /shop is not /shopping."""
    domain: str | None = None
    """None: this host only."""
    secure: bool | Literal["auto"] = "auto"
    """True: over plain HTTP no cookie is sent, but to the browser's own machine.  "auto": `Secure`
    when the request came over HTTPS."""
    http_only: bool = True
    same_site: bool | Literal["lax", "strict", "none", "auto"] | None = "lax"
    """True is "strict"; False and None leave it out.  "auto": None on HTTPS, else Lax."""
    max_age: timedelta | float | None = None
    """How long a session lives after its last use, on the server and in the browser; a number is
    seconds.  None: the cookie ends with the browser, the session after the store's `ttl`."""
    partitioned: bool = False
    priority: Literal["low", "medium", "high"] | None = None

    def __post_init__(self) -> None:
        _check_text(
            "path", self.path, _PATH, 'begins with "/" and has no ";", space or control character'
        )
        if self.domain is not None:
            _check_text("domain", self.domain, _DOMAIN, "is a host name")
        check_choice("cookie secure", self.secure, True, False, "auto")
        check_choice("cookie http_only", self.http_only, True, False)
        check_choice("cookie partitioned", self.partitioned, True, False)
        self._set("priority", _lower(self.priority))
        check_choice("cookie priority", self.priority, None, "low", "medium", "high")
        short = (
            "strict"
            if self.same_site is True
            else None
            if self.same_site is False
            else self.same_site
        )
        self._set("same_site", _lower(short))
        check_choice("cookie same_site", self.same_site, None, "lax", "strict", "none", "auto")
        if self.max_age is not None and to_milliseconds(self.max_age, "cookie max_age") < 0:
            raise ValueError("cookie max_age is negative: give 0 or more seconds")
        for name in ("same_site", "partitioned"):
            if getattr(self, name) in ("none", True) and self.secure is not True:
                raise ValueError(
                    f"cookie {name}={getattr(self, name)!r} is refused by browsers without "
                    "Secure: set secure=True too"
                )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the way to normalise a frozen dataclass


def cookie_options(given: CookieOptions | Mapping[str, Any] | None) -> CookieOptions:
    """The options, from a mapping too.  `TypeError` names one that does not exist."""
    if isinstance(given, CookieOptions):
        return given
    if not isinstance(given, Mapping | None):
        raise TypeError("cookie is a CookieOptions or a dict of its options")
    known = [field.name for field in fields(CookieOptions)]
    for name in given or ():
        if name not in known:
            raise TypeError(f"cookie has no option {name!r}{_suggestion(name, known)}")
    return CookieOptions(**(given or {}))


def joined_options(own: Mapping[str, Any], more: Any) -> dict[str, Any]:
    """The options that a framework has names of its own for, and `more`, which has the others."""
    if not isinstance(more, Mapping | None):
        raise TypeError("cookie is a dict here, of what has no name of its own beside it")
    for name in own:
        if name in (more or ()):
            raise TypeError(f"cookie has {name!r} twice: it has a name of its own beside cookie")
    return {**own, **(more or {})}


def checked_name(name: str, options: CookieOptions) -> CookieOptions:
    """The options under this cookie name, whose prefix may bind them (RFC 6265bis, 4.1.3)."""
    _check_text("name", name, _NAME, "is made of letters, digits and !#$%&'*+-.^_`|~")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"cookie name is longer than {_LONGEST_NAME} characters")
    prefix = next((p for p in ("__Host-", "__Secure-") if name.lower().startswith(p.lower())), None)
    if prefix is None:
        return options
    if options.secure is False:
        raise ValueError(f"a cookie whose name begins with {prefix} must be Secure")
    if prefix == "__Host-" and (options.domain is not None or options.path != "/"):
        raise ValueError(f"a cookie whose name begins with {prefix} has path=/ and no domain")
    return replace(options, secure=True)


def _check_text(name: str, value: Any, pattern: re.Pattern[str], rule: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"cookie {name} is a str, not a {type(value).__name__}")
    if not pattern.fullmatch(value):
        raise ValueError(f"cookie {name} does not fit: it {rule}")


def check_choice(name: str, value: Any, *choices: Any) -> None:
    """`ValueError`, which names the option, unless the value is one of these."""
    # 1 and 0 are equal to True and False, but were meant as something else.
    if not any(value is choice or (value == choice and type(value) is str) for choice in choices):
        raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _suggestion(name: Any, known: list[str]) -> str:
    plain = {option.replace("_", ""): option for option in known}
    close = get_close_matches(str(name).lower().replace("_", "").replace("-", ""), plain, 1)
    return f": did you mean {plain[close[0]]!r}?" if close else f"; it has {', '.join(known)}"
