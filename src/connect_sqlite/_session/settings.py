"""Options from a file of settings, where every value is text."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["Settings"]

_LISTS = {"secret", "skip", "store.indexes"}
_FUNCTIONS = {"genid", "on_created", "on_rotated", "on_destroyed", "on_expired"}
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Settings(NamedTuple):
    """The settings under one prefix: of `x.location`, `x.store.ttl`, `x.secret`, `x.cookie.path`.

    Of `secret`, `skip` and `store.indexes` each line is one; functions have dotted names.
    """

    location: Any
    """None, if it is missing."""
    store: dict[str, Any]
    """The store's options.  With an `owner`, it has an index on that."""
    options: dict[str, Any]
    """The middleware's, `secret` and `cookie` among them."""

    @classmethod
    def under(
        cls, prefix: str, settings: Mapping[str, Any], function: Callable[[Any], Any]
    ) -> "Settings":
        """`function` finds one by its dotted name, and leaves one that is given as it is."""
        groups: dict[str, dict[str, Any]] = {"": {}, "cookie": {}, "store": {}}
        for setting, value in settings.items():
            name = setting.removeprefix(prefix)
            if name != setting:
                group, own = name.split(".", 1) if "." in name else ("", name)
                if group not in groups:
                    group, own = "", name  # no option has this name, and the error says so
                groups[group][own] = function(value) if name in _FUNCTIONS else _value(name, value)
        options, cookie, store = groups.values()
        if cookie:
            options["cookie"] = cookie
        if "owner" in options:
            store.setdefault("indexes", [options["owner"]])
        return cls(options.pop("location", None), store, options)


def _value(name: str, value: Any) -> Any:
    """Lines, a number, yes or no, or text.  What is no text is left as it is."""
    if not isinstance(value, str):
        return value
    if name in _LISTS:
        return [line.strip() for line in value.splitlines() if line.strip()]
    if _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return _WORDS.get(value.lower(), value)
