"""Sessions whose data fit a model: checked when they are loaded and before they are saved."""

import inspect
from collections.abc import Callable, Mapping
from logging import getLogger
from traceback import extract_tb
from typing import Any

from ..contract import StoredSession
from ..errors import InvalidSession
from ..handles import handle_of
from .annotations import Misfit
from .carry import Steps
from .changes import Print, changes_since, print_of
from .lifecycle import Lifecycle
from .plan import Create, Merge, Plan, Rotate, Set
from .rules import Moment
from .session import Session, session_data
from .shapes import shape_of

__all__ = ["Migrate", "Model", "TypedLifecycle", "View"]

_log = getLogger("connect_sqlite")

Migrate = Callable[[dict[str, Any]], Any]
"""Makes of data that no longer fit new ones: a mapping, an instance of the model, or None."""


class View:
    """An instance that a handler has, and what the session was when they were last the same."""

    __slots__ = ("instance", "known", "print")

    def __init__(self, instance: Any, print_: Print, session: Session) -> None:
        self.instance = instance
        self.print = print_
        self.known = set(dict.keys(session))


class Model:
    """What sessions have to fit, and what becomes of those that do not."""

    def __init__(self, model: Any, migrate: Migrate | None) -> None:
        self.type = model
        self.shape = shape_of(model)
        if migrate is not None and (not callable(migrate) or inspect.iscoroutinefunction(migrate)):
            raise TypeError("migrate is a plain function of the data that no longer fit")
        self._migrate = migrate

    @classmethod
    def of(cls, model: Any, migrate: Migrate | None) -> "Model | None":
        """From the options, if there is a model."""
        if model is None and migrate is not None:
            raise ValueError("migrate needs model: what the data are to fit")
        return None if model is None else cls(model, migrate)

    def own(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the model is asked about.  Keys that begin with `_` are the session's features."""
        keys = self.shape.keys
        return {k: v for k, v in dict.items(data) if k in keys or not k.startswith("_")}

    def check(self, data: dict[str, Any]) -> None:
        """`InvalidSession` for data that do not fit.  With none of the model's keys they do."""
        own = self.own(data)
        if self.shape.keys & own.keys():
            try:
                self.shape.load(own)
            except Misfit as misfit:
                message = f"the session does not fit {self.type.__name__}: {misfit}"
                raise InvalidSession(message) from None

    def admitting(self, row: StoredSession) -> Steps[StoredSession | None]:
        """The steps that make a row fit.  None: it cannot, and a line in the log says why."""
        data = session_data(row)
        own = self.own(data)
        if not self.shape.keys & own.keys():
            return row
        try:
            self.shape.load(own)
        except Misfit as misfit:
            problem = str(misfit)
        else:
            return row
        if self._migrate is not None:
            migrated, problem = self._migrated(own, problem)
            if migrated is not None:
                whole = {k: v for k, v in data.items() if k not in own} | migrated
                changes = changes_since(print_of(data), whole)
                if changes is None:
                    return row
                merged: StoredSession | None = yield Merge(
                    row.id, changes.changed, changes.removed, None
                )
                return merged
        _log.warning(
            "Session %s does not fit %s and is ended: %s",
            handle_of(row.id),
            self.type.__name__,
            problem,
        )
        return None

    def _migrated(self, own: dict[str, Any], problem: str) -> tuple[dict[str, Any] | None, str]:
        """What `migrate` made of the data, or why that is not it either."""
        assert self._migrate is not None
        try:
            made = self._migrate(own)
        except Exception as error:  # noqa: BLE001 - whatever it meets in old data
            last = extract_tb(error.__traceback__)[-1]
            # Its words may have data in them.
            return None, f"migrate failed with {type(error).__name__} at line {last.lineno}"
        if made is None:
            return None, problem
        data = dict(made) if isinstance(made, Mapping) else self.shape.dump(made)
        try:
            self.shape.load(self.own(data))
        except Misfit as misfit:
            return None, f"nor does what migrate made of it: {misfit}"
        return data, ""

    def instance(self, session: Session) -> Any:
        """The handler's, always the same: what it changes there is saved."""
        if self.shape.is_view:
            return session
        view: View | None = getattr(session, "_view", None)
        if view is None:
            try:
                made = self.shape.load(self.own(session))
            except Misfit as misfit:
                message = f"the session does not fit {self.type.__name__}: {misfit}"
                raise InvalidSession(message) from None
            session._view = view = View(made, print_of(self.shape.dump(made)), session)
        return view.instance

    def put(self, session: Session, instance: Any) -> None:
        """Make this the session's data."""
        data = self.shape.dump(instance)
        for key in self.shape.keys - data.keys():
            dict.pop(session, key, None)
        dict.update(session, data)
        if not self.shape.is_view:
            session._view = View(instance, print_of(data), session)

    def write_back(self, session: Session) -> None:
        """Take over what the handler changed in its instance."""
        view: View | None = getattr(session, "_view", None)
        if view is None:
            return
        if view.known and not dict.__len__(session):
            session._view = None  # the handler has cleared it
            return
        try:
            data = self.shape.dump(view.instance)
        except Exception as error:  # noqa: BLE001 - whatever the model's library says of a value
            message = f"a value of {self.type.__name__} cannot be kept: {type(error).__name__}"
            raise InvalidSession(message) from None
        changes = changes_since(view.print, data)
        if changes is None:
            return
        # The defaults too are kept, with the first change, but what the handler took away is not.
        known = view.known | dict.keys(session)
        missing = {key: data[key] for key in data if key not in known}
        dict.update(session, {**missing, **changes.changed})
        for key in changes.removed:
            dict.pop(session, key, None)
        session._view = View(view.instance, changes.print, session)


class TypedLifecycle(Lifecycle):
    """Another lifecycle's, of sessions that fit a model."""

    def __init__(self, inner: Lifecycle, model: Model) -> None:
        super().__init__(inner._policy, inner.timeouts)
        self._inner = inner
        self._model = model

    def plan(self, session: Session, moment: Moment) -> Plan:
        """As for every session.  `InvalidSession` for data that do not fit."""
        self._model.write_back(session)
        plan = self._inner.plan(session, moment)
        if isinstance(plan.step, Create | Set | Merge | Rotate):
            self._model.check(session._home.as_kept(session))
        return plan
