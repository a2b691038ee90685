"""What was asked and answered, kept outside of the store, and whether it can all be true.

Whoever works on a store writes a line before each call and one behind it, to a file of his own that
a kill does not empty.  Time is the machine's own clock, the same for all its processes.

An id's life: it is made once, by `create` or as the new one of a `rotate`; it is ended once, by
`destroy`, `destroy_many`, or as the old one of a `rotate`; and never made again.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Done", "Log", "judged", "read"]

NEVER = float("inf")


class Log:
    """One worker's lines.  Each is one `write`, so a kill leaves it whole or not there."""

    def __init__(self, path: Path | str) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._count = 0

    def begins(self, what: str, *about: Any) -> int:
        self._count += 1
        self._write(["begin", self._count, time.monotonic_ns(), what, *about])
        return self._count

    def ends(self, number: int, result: Any) -> None:
        self._write(["end", number, time.monotonic_ns(), result])

    def _write(self, line: list[Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


class Done(NamedTuple):
    """One call: what was asked, and the answer if there was one."""

    what: str
    about: list[Any]
    began: float
    ended: float
    result: Any

    @property
    def answered(self) -> bool:
        return self.ended != NEVER


def read(logs: Iterable[Path]) -> list[Done]:
    """All calls of all logs."""
    calls = []
    for log in logs:
        open_calls: dict[int, list[Any]] = {}
        for line in log.read_text().splitlines():
            kind, number, at, *rest = json.loads(line)
            if kind == "begin":
                open_calls[number] = [rest[0], rest[1:], at]
            else:
                calls.append(Done(*open_calls.pop(number), at, rest[0]))
        calls += [Done(*begun, NEVER, None) for begun in open_calls.values()]
    return calls


def judged(calls: list[Done], there: dict[str, Any]) -> list[str]:
    """Everything that cannot be true of these calls and of what is there at the end."""
    makers: defaultdict[str, list[Done]] = defaultdict(list)
    enders: defaultdict[str, list[Done]] = defaultdict(list)
    for call in calls:
        for sid in _made_by(call):
            makers[sid].append(call)
        for sid in _ended_by(call):
            enders[sid].append(call)
    wrong = []
    for sid in makers.keys() | enders.keys() | there.keys():
        wrong += _judged_life(sid, makers[sid], enders[sid], sid in there)
    for call in calls:
        wrong += _judged_read(call, makers, enders)
        wrong += _judged_rotation(call, makers, enders, there)
    return [*wrong, *_judged_merges(calls, there)]


def _made_by(call: Done) -> list[str]:
    """The ids that it made, or may have made."""
    if call.what == "create" and call.result != "exists":
        return [call.about[0]]
    if call.what == "rotate" and (call.result is True or not call.answered):
        return [call.about[1]]
    return []


def _ended_by(call: Done) -> list[str]:
    """The ids that it ended, or may have ended."""
    if call.what == "destroy" and (call.result == 1 or not call.answered):
        return [call.about[0]]
    if call.what == "rotate" and (call.result is True or not call.answered):
        return [call.about[0]]
    return []


def _judged_life(sid: str, makers: list[Done], enders: list[Done], is_there: bool) -> list[str]:
    made = [call for call in makers if call.answered]
    ended = [call for call in enders if call.answered]
    wrong = []
    if len(made) > 1:
        wrong.append(f"{sid} was made {len(made)} times")
    if len(ended) > 1:
        wrong.append(f"{sid} was ended {len(ended)} times")
    if is_there and not makers:
        wrong.append(f"{sid} is there, and nobody made it")
    if is_there and ended:
        wrong.append(f"{sid} was destroyed, and lives")
    if made and not enders and not is_there:
        wrong.append(f"{sid} was made, and is lost")
    return wrong


def _judged_read(call: Done, makers: dict[str, Any], enders: dict[str, Any]) -> list[str]:
    """One who looks sees what was done before, and nothing that was undone before."""
    if call.what not in ("get", "merge") or not call.answered:
        return []
    sid = call.about[0]
    if call.result is not None:
        ended = [each for each in enders[sid] if each.ended < call.began]
        return [f"{sid} was seen after its end"] if ended else []
    made = [each for each in makers[sid] if each.ended < call.began]
    ended = [each for each in enders[sid] if each.began < call.ended]
    return [f"{sid} was not seen though it lived"] if made and not ended else []


def _judged_rotation(
    call: Done, makers: dict[str, Any], enders: dict[str, Any], there: dict[str, Any]
) -> list[str]:
    """One that was interrupted is done wholly or not at all: never both ids, never neither."""
    if call.what != "rotate" or call.answered:
        return []
    old, new = call.about
    if any(each is not call for sid in (old, new) for each in enders[sid]):
        return []
    if old in there and new in there:
        return [f"{old} was rotated to {new}, and both live"]
    lived = any(each.ended < call.began for each in makers[old])
    if lived and old not in there and new not in there:
        return [f"{old} was rotated to {new}, and neither lives"]
    return []


def _judged_merges(calls: list[Done], there: dict[str, Any]) -> list[str]:
    """Each worker counts under a name of his own: the last that returned is there, or a later."""
    least: defaultdict[tuple[str, str], int] = defaultdict(int)
    for call in calls:
        if call.what == "merge" and call.result is not None:
            sid, name, number = call.about
            least[sid, name] = max(least[sid, name], number)
    return [
        f"{sid} has lost {name}'s change {number}: {there[sid].get(name)}"
        for (sid, name), number in least.items()
        if sid in there and there[sid].get(name, 0) < number
    ]
