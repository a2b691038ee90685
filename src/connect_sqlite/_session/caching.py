"""What a response that depends on a session tells caches (RFC 9111)."""

__all__ = ["Headers", "protected"]

Headers = list[tuple[bytes, bytes]]

_VARY = (b"vary", b"Cookie")
_NO_STORE = (b"cache-control", b"no-store")
_SHARED = (b"public", b"s-maxage")
_CONFINED = {b"private", b"no-store"}


def protected(headers: Headers, *, is_personal: bool, sets_cookie: bool) -> Headers:
    """The headers with `Vary: Cookie`, and kept out of caches.

    A personal response, and one that sets the cookie, is stored nowhere unless the handler said
    something else; one that sets the cookie is never left to shared caches.
    """
    varies = cached = False
    for name, _ in headers:  # on the path of most requests
        name = name.lower()
        if name == b"vary":
            varies = True
        elif name == b"cache-control":
            cached = True
    if not varies:
        headers = [*headers, _VARY]
    else:
        vary = _values(headers, b"vary")
        if not {b"*", b"cookie"} & {value.lower() for value in vary}:
            headers = _with(headers, b"vary", [*vary, b"Cookie"])
    if not (is_personal or sets_cookie):
        return headers
    if not cached:
        return [*headers, _NO_STORE]
    said = _values(headers, b"cache-control")
    if sets_cookie and not _CONFINED & {value.lower() for value in said}:
        kept = [v for v in said if v.partition(b"=")[0].strip().lower() not in _SHARED]
        return _with(headers, b"cache-control", [*kept, b"private"])
    return headers


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [
        value.strip()
        for field, line in headers
        if field.lower() == name
        for value in line.split(b",")
        if value.strip()
    ]


def _with(headers: Headers, name: bytes, values: list[bytes]) -> Headers:
    """The headers with one line of this name, last."""
    others = [(field, line) for field, line in headers if field.lower() != name]
    return [*others, (name, b", ".join(values))]
