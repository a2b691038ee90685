"""Bytes on disk for a session, by the size of its data."""

import os
from typing import Any

from ..context import Context
from ..status import Tell
from ..workload import Session, session_id, shuffled, text

TITLE = "Bytes on disk"
WEIGHT = 15.0


SIZES = (250, 1_000, 4_000)
"""Bytes of a session's JSON."""


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """The closed file's size divided by its sessions; each was saved, and saved again changed."""
    from connect_sqlite import SQLiteStore

    results = {}
    for at, size in enumerate(SIZES):
        tell(at / len(SIZES), f"{size} bytes")
        people = [
            (session_id(context.seed, number), _session(number, size))
            for number in shuffled(context.seed, "disk", context.scale.disk)
        ]
        with context.room() as folder:
            path = folder / "sessions.db"
            with SQLiteStore(path) as store:
                for views in (1, 2):
                    for sid, session in people:
                        session["views"] = views
                        store.set(sid, session)
            used = sum(entry.stat().st_size for entry in os.scandir(folder))
        payload = size + len(people[0][0])
        results[str(size)] = {
            "bytes_per_session": used / len(people),
            "payload_and_id": payload,
            "ratio": used / len(people) / payload,
        }
    return results


def _session(number: int, size: int) -> Session:
    """A session whose JSON has exactly this size."""
    session: Session = {"user": number, "views": 0, "cart": ""}
    session["cart"] = "x" * (size - len(text(session)))
    return session
