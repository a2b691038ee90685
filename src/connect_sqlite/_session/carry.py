"""Runs steps on a store.  What follows from each answer is said once, as a generator.

`carry` and `carry_async` only fetch the answers: one calls, the other awaits.
"""

from collections.abc import Callable, Generator, Iterable
from inspect import isawaitable
from logging import getLogger
from typing import Any, TypeVar

from ..contract import AsyncStore, Store, StoredSession, TouchResult
from ..errors import SessionExists
from .plan import (
    NONE_LIVES,
    Create,
    Destroy,
    Merge,
    Notify,
    Outcome,
    Plan,
    Read,
    Rotate,
    Set,
    Step,
    Touch,
)
from .timeouts import Timeouts, stored_lifetime

__all__ = ["Steps", "carry", "carry_async", "carrying", "load", "load_async"]

T = TypeVar("T")
Steps = Generator[Step, Any, T]

_log = getLogger("connect_sqlite")


def carrying(plan: Plan, timeouts: Timeouts, new_id: Callable[[], str]) -> Steps[Outcome]:
    """The steps of a plan; says which session lives afterwards."""
    step = plan.step
    lifetime = plan.kept.lifetime if plan.kept else None
    match step:
        case Create():
            return Outcome((yield from _creating(step, new_id)), lifetime)
        case Set():
            yield step
            return Outcome(step.sid, lifetime)
        case Merge():
            return (yield from _merging(step, plan, timeouts))
        case Rotate():
            return Outcome((yield from _rotating(step, new_id)), lifetime)
        case Touch():
            result: TouchResult | None = yield step
            if result is None and timeouts.idle is not None and plan.kept is not None:
                # The store has `disable_touch`, but whoever is active must not be found idle.
                return (yield from _merging(step.as_merge(), plan, timeouts))
            return NONE_LIVES if result == TouchResult.EXPIRED else Outcome(step.sid, lifetime)
        case Read():
            lives = (yield step) is not None
            return Outcome(step.sid, lifetime) if lives else NONE_LIVES
        case Destroy():
            yield step
    return NONE_LIVES


def _creating(step: Create, new_id: Callable[[], str]) -> Steps[str]:
    try:
        yield step
    except SessionExists:
        step = step._replace(sid=new_id())
        yield step
    return step.sid


def _merging(step: Merge, plan: Plan, timeouts: Timeouts) -> Steps[Outcome]:
    assert plan.kept is not None
    lifetime = plan.kept.lifetime
    row: StoredSession | None = yield step
    if row is None:
        return NONE_LIVES
    present = stored_lifetime(row.get("cookie"), lifetime)
    if present != lifetime and step.expires is not None:
        # Another request gave the session another lifetime meanwhile, and that one holds.
        ends = timeouts.end(present, plan.kept.marks.began, plan.now)
        yield Touch.until(step.sid, ends)
    return Outcome(step.sid, present)


def _rotating(step: Rotate, new_id: Callable[[], str]) -> Steps[str | None]:
    try:
        rotated: bool = yield step
    except SessionExists:
        step = step._replace(new=new_id())
        rotated = yield step
    if rotated:
        return step.new
    if not step.creates:
        return None
    return (yield from _creating(Create(step.new, step.session), new_id))


def load(store: Store, ids: Iterable[str]) -> StoredSession | None:
    """The session of the first id that lives: a dead one in front locks nobody out."""
    for sid in ids:
        row = store.get(sid)
        if row is not None:
            return row
    return None


async def load_async(store: AsyncStore, ids: Iterable[str]) -> StoredSession | None:
    """As `load`."""
    # On the path of every request, where a generator would cost more than these lines.
    for sid in ids:
        row = await store.get(sid)
        if row is not None:
            return row
    return None


def carry(store: Store, steps: Steps[T]) -> T:
    """Run the steps on a store that blocks."""
    try:
        step = next(steps)
        while True:
            try:
                answer = step.on(store)
            except Exception as error:  # noqa: BLE001 - a hook's may be anything
                step = _after_error(steps, step, error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


async def carry_async(store: AsyncStore, steps: Steps[T]) -> T:
    """Run the steps on a store that is awaited."""
    try:
        step = next(steps)
        while True:
            try:
                answer = step.on(store)
                if type(step) is not Notify or isawaitable(answer):
                    answer = await answer
            except Exception as error:  # noqa: BLE001 - a hook's may be anything
                step = _after_error(steps, step, error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


def _after_error(steps: Steps[Any], step: Step, error: Exception) -> Step:
    """The next step.  A hook that fails undoes nothing; all else goes to who asked."""
    if type(step) is not Notify:
        return steps.throw(error)
    _log.error("A hook of the session layer failed", exc_info=error)
    return steps.send(None)
