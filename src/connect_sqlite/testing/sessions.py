"""Strategies for Hypothesis: sessions as JSON has them, and ways to say when one ends."""

from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

__all__ = ["Life", "contents", "json_values", "lives"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
"""`st.text` makes no surrogates."""

json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)

users = st.fixed_dictionaries(
    {}, optional={"id": st.sampled_from([1, 2, "1", "x", True, 1.0, None, [1]])}
)


def contents(
    keys: tuple[str, ...] = ("user", "cart", "é", ""),
) -> st.SearchStrategy[dict[str, Any]]:
    """A session's data without a cookie: often with a user, whose `id` often collides."""
    values = {key: users | json_values if key == "user" else json_values for key in keys}
    return st.fixed_dictionaries({}, optional=values)


class Life(NamedTuple):
    """How a session's cookie says when it ends."""

    form: str
    seconds: int

    def cookie(self, end: datetime) -> dict[str, Any]:
        """The cookie that says so; `end` is the moment `seconds` from now."""
        milliseconds = int(end.timestamp() * 1000)
        cookies: dict[str, dict[str, Any]] = {
            "maxAge": {"maxAge": self.seconds * 1000},
            "maxAge behind null": {"expires": None, "maxAge": self.seconds * 1000},
            "datetime": {"expires": end, "maxAge": 1},
            "text": {"expires": end.isoformat()},
            "HTTP date": {"expires": format_datetime(end, usegmt=True)},
            "milliseconds": {"expires": milliseconds, "maxAge": False},
        }
        return cookies[self.form]


FORMS = ["maxAge", "maxAge behind null", "datetime", "text", "HTTP date", "milliseconds"]
lives: st.SearchStrategy[Life | None] = st.none() | st.builds(
    Life, st.sampled_from(FORMS), st.sampled_from([30, 60, 3600, 1, 86_400, 0, -1, -60])
)
"""None: the cookie says nothing, so the store's `ttl` decides."""
