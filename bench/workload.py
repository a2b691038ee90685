"""The sessions that everything is measured with: the same for all, made from the seed."""

import hashlib
import random
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

Session = dict[str, Any]

DAY = timedelta(days=1)


def session_id(seed: int, number: int) -> str:
    """The id of one session: 43 characters, as `secrets.token_urlsafe(32)` makes them."""
    digest = hashlib.sha256(b"%d:%d" % (seed, number)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def make_session(seed: int, number: int, expires: str) -> Session:
    """What a small shop keeps: about 450 bytes of JSON, the cookie as Express writes it."""
    return {
        "cookie": {
            "originalMaxAge": 86_400_000,
            "expires": expires,
            "httpOnly": True,
            "path": "/",
        },
        "user": {
            "id": number,
            "name": f"User number {number}",
            "email": f"user{number}@example.com",
            "roles": ["admin", "editor"],
        },
        "cart": [
            {"sku": f"A-{number * 7 % 997}", "n": number % 5, "price": 12.5},
            {"sku": "B-12", "n": 2, "price": 3.25},
        ],
        "csrf": session_id(seed, -1 - number)[:32],
        "locale": "en-GB",
        "theme": "dark",
        "last_page": f"/products/category-{number % 40}/page/{number % 12}",
        "flash": ["Your changes were saved."],
        "views": 100_000,
    }


def iso(moment: datetime) -> str:
    """As JavaScript's `Date` writes itself to JSON."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def text(session: Session) -> str:
    """A session as JSON text."""
    return orjson.dumps(session).decode()


class Population:
    """The sessions of one run, and ids that no session has."""

    def __init__(self, seed: int, size: int) -> None:
        self.start = datetime.now(UTC) + DAY
        self.ids = [session_id(seed, number) for number in range(size)]
        self.unknown = [session_id(seed, 1_000_000_000 + number) for number in range(size)]
        self.sessions = [make_session(seed, number, iso(self.start)) for number in range(size)]
        self._changes = 0

    def change(self, order: Iterable[int]) -> None:
        """Alter these sessions, each in its data and its expiry, before they are saved again.

        SQLite skips the write of a row that is overwritten with equal bytes, so a benchmark that
        saves the same session twice measures nothing.
        """
        for number in order:
            self._changes += 1
            session = self.sessions[number]
            session["views"] += 1
            session["cookie"]["expires"] = iso(self.start + timedelta(milliseconds=self._changes))


def shuffled(seed: int, label: str, size: int) -> list[int]:
    """The numbers below `size` in an order that depends on the seed and the label alone."""
    numbers = list(range(size))
    random.Random(f"{seed}:{label}").shuffle(numbers)
    return numbers
