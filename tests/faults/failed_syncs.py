"""A sync that fails, and then the program or the machine as well."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from connect_sqlite import StoreError
from engine.programs import integrity

from .contract_calls import CALLS, Face, begin_anew, contents
from .syscalls import Faults

__all__ = ["crashes_behind_failed_syncs"]

DURABLE = (
    *("create", "rotate", "destroy", "destroy_many", "destroy_where", "clear"),
    "set one that is over",
)


def crashes_behind_failed_syncs(folder: str) -> list[str]:
    """What is wrong with what crashes leave at each call's failed sync, and at the write after."""
    with asyncio.Runner() as runner:
        faults = Faults()
        face = Face("sync", f"{folder}/s.db", runner)
        wrong = []
        for name in DURABLE:
            store = face.open()
            begin_anew(face, store)
            before = contents(store)
            CALLS[name](store)
            after = contents(store)
            begin_anew(face, store)
            faults.arm("sync", "EIO", 1, lasting=False)
            try:
                CALLS[name](store)
                wrong.append(f"{name}: no error")
            except StoreError:
                pass
            faults.disarm()
            if _crashed(face) not in (before, after):
                wrong.append(f"{name}: a crash left half of it")
            if contents(store) != before:
                wrong.append(f"{name}: it was done")
            store.set("next", {})
            if _crashed(face) != contents(store):
                wrong.append(f"{name}: a later crash brought it back")
            store.close()
    return wrong


def _crashed(face: Face) -> list[Any]:
    """What a crash would leave now, as the next program sees it."""
    copy = Path(f"{face.path}.copy")
    shutil.copy(face.path, copy)
    shutil.copy(f"{face.path}-wal", f"{copy}-wal")
    Path(f"{copy}-shm").unlink(missing_ok=True)
    store = Face("sync", str(copy), None).open()
    found = contents(store)
    store.close()
    assert integrity(str(copy)) == "ok"
    return found
