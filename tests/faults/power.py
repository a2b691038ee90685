"""Plays a script on a `Drive`, cuts the power at each step, and looks at what is left."""

import asyncio
import pickle
import shutil
from pathlib import Path
from typing import Any

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreError
from connect_sqlite._sqlite.lease import Lease
from engine.programs import integrity
from engine.vfs import QuickVFS

from .cuts import cuts
from .drive import Drive
from .players import INDEX, NOW, Acknowledged, Player, shown
from .scale import chance

__all__ = ["looked_at", "played"]

OPTIONS: dict[str, Any] = {"indexes": (INDEX,), "sweep_interval": None, "clock": lambda: NOW}

KEPT = (0.0, 1.0, 0.5, 0.1, 0.9)
"""How much of what was not safe is there after a cut: nothing, all, and what is harder."""

NEW_FOLDERS = "new/folder/s.db"
"""The store makes them: their names must be safe, too."""


def played(root: str, script: str, durability: str, calls: int) -> int:
    """Play it, and keep what happened beside the disk; how many events there were."""
    Lease.tick = lambda *_: False  # an open snapshot's coming and going is not in the script
    drive = Drive()
    path = f"{root}/disk/{NEW_FOLDERS}"
    Path(root, "disk").mkdir()
    drive.events.clear()
    players = {"alone": _alone, "together": _together}[script](drive, path, durability, calls)
    histories = {player.name: player.history for player in players}
    Path(root, "played").write_bytes(pickle.dumps((drive.events, histories)))
    return len(drive.events)


def _alone(drive: Drive, path: str, durability: str, calls: int) -> list[Player]:
    """One after another, with checkpoints, and closed and opened again now and then."""
    luck = chance("alone")
    player = Player("a", luck, drive, alone=True)
    store = SQLiteStore(path, durability=durability, **OPTIONS)
    for n in range(calls):
        kind, method, arguments = player.call()
        player.begins()
        error = None
        try:
            getattr(store, method)(*arguments)
        except (StoreError, ValueError) as caught:
            error = caught
        player.ends(kind, error)
        player.sees(store.all())
        if luck.random() < 0.08 or n == calls // 2:
            store._engine._housekeeper._checkpointer.run()
        if luck.random() < 0.03 or n == calls // 3:
            store.close()
            store = SQLiteStore(path, durability=durability, **OPTIONS)
    store.close()
    return [player]


def _together(drive: Drive, path: str, durability: str, calls: int) -> list[Player]:
    """Tasks at the same time, whose calls are committed in groups, beside checkpoints."""
    players = [Player(f"t{n}-", chance("together", n), drive, alone=False) for n in range(6)]

    async def play(store: AsyncSQLiteStore, player: Player) -> None:
        for _ in range(calls // len(players)):
            kind, method, arguments = player.call()
            player.begins()
            error = None
            try:
                await getattr(store, method)(*arguments)
            except (StoreError, ValueError) as caught:
                error = caught
            player.ends(kind, error)
            player.sees(await store.all())

    async def main() -> None:
        async with AsyncSQLiteStore(path, durability=durability, **OPTIONS) as store:
            tasks = [asyncio.create_task(play(store, player)) for player in players]
            checkpointer = store._engine._housekeeper._checkpointer
            while not all(task.done() for task in tasks):
                await asyncio.sleep(0.02)
                await asyncio.to_thread(checkpointer.run)
            await asyncio.gather(*tasks)

    asyncio.run(main())
    return players


def looked_at(
    root: str, everything: bool, images: int, stride: int, first: int = 0, of: int = 1
) -> dict[str, Any]:
    """Cut the power at the steps of `root`'s script and look at what is left.

    `everything`: each call that had returned must be there, not the durable ones alone.  Looks at
    every `of`th of the cuts from the `first`, for `of` programs that share the work.
    """
    layer = QuickVFS()  # what is looked at is thrown away
    events, histories = pickle.loads(Path(root, "played").read_bytes())
    acknowledged = {name: Acknowledged() for name in histories}
    figures: dict[str, Any] = {"cuts": 0, "disks": 0, "losses": 0, "torn": 0, "first losses": []}
    noted = count = 0
    for step, disk in cuts(events):
        for event in events[noted:step]:
            if event.what in ("begin", "end"):
                known = acknowledged[event.where]
                acknowledged[event.where] = known.after(event, everything)
        noted = step
        count += 1
        if count % (stride * of) != first * stride:
            continue
        figures["cuts"] += 1
        for n in range(images):
            figures["disks"] += 1
            kept = KEPT[(count // stride + n) % len(KEPT)]
            folder = Path(root, f"image{first}")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            disk.leave(f"{root}/disk", folder, chance("cut", step, n), kept)
            problem = _problem(folder / NEW_FOLDERS, acknowledged, histories)
            if problem:
                figures["losses"] += 1
                figures["torn"] += not problem.startswith("lost")
                if len(figures["first losses"]) < 3:
                    figures["first losses"].append(f"step {step}, {kept} kept: {problem}")
    layer.unregister()
    return figures


def _problem(path: Path, acknowledged: dict[str, Acknowledged], histories: dict[str, Any]) -> str:
    """What is wrong with what is left; empty if nothing is."""
    try:
        with SQLiteStore(path, **OPTIONS) as store:
            found = store.all()
            if (sound := integrity(str(path))) != "ok":
                return sound
            for name, known in acknowledged.items():
                there = shown(found, name)
                if not known.allows(histories[name], there):
                    what = "lost" if there in histories[name] else "torn"
                    return f"{what}: {name} must be between calls {known}"
            store.create("afterwards", {})
            if store.destroy("afterwards") != 1:
                return "the store does not work"
    except StoreError as error:
        return repr(error)
    return ""
