"""Serializers that show what a store makes of one."""

import json
from ast import literal_eval
from typing import Any

__all__ = ["Damaging", "Literal", "Quoting", "Writing"]


class Damaging:
    """JSON, but a session that has the key `"damaged"` cannot be read again."""

    def dumps(self, session: dict[str, Any], /) -> str:
        return json.dumps(session)

    def loads(self, text: str, /) -> dict[str, Any]:
        session: dict[str, Any] = json.loads(text)
        if "damaged" in session:
            raise ValueError(f"{text} cannot be read")
        return session


class Literal:
    """No JSON at all: Python's own notation."""

    def dumps(self, session: dict[str, Any], /) -> str:
        return repr(session)

    def loads(self, text: str, /) -> Any:
        return literal_eval(text)


class Quoting:
    """Refuses every session, and quotes it in its error."""

    def dumps(self, session: dict[str, Any], /) -> str:
        raise ValueError(f"{session} cannot be written")

    def loads(self, text: str, /) -> dict[str, Any]:
        raise ValueError(f"{text} cannot be read")


class Writing:
    """Writes what it is told to, whatever the session, if there is anything in it."""

    def __init__(self, written: Any) -> None:
        self._written = written

    def dumps(self, session: dict[str, Any], /) -> Any:
        return self._written if session else "{}"

    def loads(self, text: str, /) -> dict[str, Any]:
        return {"read": text}
