"""What Flask-Session wrote: its SQLAlchemy table, and cachelib's files.

The id that a session gets here is the SHA-256 of the key that it had there.  That is the name which
cachelib gave its file; and no id in our store is the text of a cookie that is out there.
`connect_sqlite.flask_session.keep_signed_in` finds it again from the old cookie.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from .formats import data_of
from .source import Old, Problem, Refused

__all__ = ["CachelibFiles", "FlaskSessionTable"]

_TEMPORARY = ".__wz_cache"
_HEAD = struct.Struct("I")
_NAME_LENGTHS = (32, 64)
"""MD5, in older releases, and SHA-256."""
_CHUNK = 500


class FlaskSessionTable:
    """The table of `SESSION_TYPE = "sqlalchemy"`, in any database that SQLAlchemy knows."""

    def __init__(self, url: str, table: str, *, plain_pickles: bool) -> None:
        try:
            import sqlalchemy
        except ImportError:
            raise Problem("The table is read with SQLAlchemy: pip install SQLAlchemy") from None
        self._sql, self._error = sqlalchemy, sqlalchemy.exc.SQLAlchemyError
        self._plain_pickles = plain_pickles
        try:
            self._engine = sqlalchemy.create_engine(url)
        except (self._error, ImportError) as error:
            raise Problem(f"The database cannot be opened: {_words(error)}") from None
        name = self._engine.url.database
        is_file = self._engine.dialect.name == "sqlite" and bool(name)
        self.file = Path(name or "").resolve() if is_file else None
        if self.file is not None and not self.file.exists():
            raise Problem(f"There is no file {self.file}")
        try:
            self._table = sqlalchemy.Table(table, sqlalchemy.MetaData(), autoload_with=self._engine)
            names = ("session_id", "data", "expiry")
            self._columns: list[Any] = [self._table.c[each] for each in names]
            if self._engine.dialect.name == "sqlite":
                # As it lies there: SQLAlchemy gives up the whole reading over one bad date.
                self._columns[2] = sqlalchemy.type_coerce(self._columns[2], sqlalchemy.String)
        except (self._error, KeyError) as error:
            self.close()
            problem = f"The table {table} is not one of Flask-Session's: {_words(error)}"
            raise Problem(problem) from None

    def __len__(self) -> int:
        count = self._sql.select(self._sql.func.count()).select_from(self._table)
        with self._reading(), self._engine.connect() as connection:
            return int(connection.execute(count).scalar_one())

    def __iter__(self) -> Iterator[Old]:
        select = self._sql.select(*self._columns).order_by(self._columns[0])
        with self._reading(), self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_CHUNK).execute(select)
            for key, content, expiry in rows:
                try:
                    yield Old(_sid(key), _end(expiry), partial(self._data, content))
                except Refused as reason:
                    yield Old("", None, partial(_refuse, str(reason)))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise Problem(f"The table cannot be read: {_words(error)}") from None

    def _data(self, content: Any) -> dict[str, Any]:
        if isinstance(content, str):
            content = content.encode()
        elif isinstance(content, bytearray | memoryview):
            content = bytes(content)
        if content is not None and not isinstance(content, bytes):
            raise Refused("cannot be read")
        return _flask_values(data_of(content or b"", plain_pickles=self._plain_pickles))


class CachelibFiles:
    """The folder of `SESSION_TYPE = "filesystem"`, or of a `FileSystemCache`."""

    file = None

    def __init__(self, folder: str, *, plain_pickles: bool) -> None:
        self._folder = Path(folder)
        self._plain_pickles = plain_pickles
        if not self._folder.is_dir():
            raise Problem(f"There is no folder {folder}")
        count = b"__wz_cache_count"
        own = {sha256(count).hexdigest(), _md5(count)}
        self._names = sorted(
            path.name
            for path in self._folder.iterdir()
            if len(path.name) in _NAME_LENGTHS and path.name not in own and path.is_file()
        )

    def __len__(self) -> int:
        return len(self._names)

    def close(self) -> None:
        """No file stays open."""

    def __iter__(self) -> Iterator[Old]:
        for name in self._names:
            try:
                with (self._folder / name).open("rb") as file:
                    head = file.read(_HEAD.size)
            except FileNotFoundError:
                continue  # it was deleted meanwhile
            except OSError as error:
                raise Problem(
                    f"A file of {self._folder} cannot be read: {error.strerror}"
                ) from None
            seconds = _HEAD.unpack(head)[0] if len(head) == _HEAD.size else 0
            ends = datetime.fromtimestamp(seconds, UTC) if seconds else None
            yield Old(name, ends, partial(self._data, name))

    def _data(self, name: str) -> dict[str, Any]:
        try:
            content = (self._folder / name).read_bytes()[_HEAD.size :]
        except OSError:
            raise Refused("cannot be read") from None
        return _flask_values(data_of(content, plain_pickles=self._plain_pickles))


def _sid(key: Any) -> str:
    if not isinstance(key, str):
        raise Refused("has no id")
    return sha256(key.encode(errors="surrogatepass")).hexdigest()


def _md5(text: bytes) -> str:
    from hashlib import md5

    return md5(text, usedforsecurity=False).hexdigest()


def _end(expiry: Any) -> datetime:
    if expiry is None:  # Flask-Session too takes one without an end for one that has ended
        return datetime.fromtimestamp(0, UTC)
    try:
        moment = datetime.fromisoformat(expiry) if isinstance(expiry, str) else expiry
        return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment
    except (ValueError, AttributeError):
        raise Refused("has an end that is no date") from None


def _refuse(reason: str) -> dict[str, Any]:
    raise Refused(reason)


def _flask_values(data: dict[str, Any]) -> dict[str, Any]:
    """With what JSON has not as Flask's own sessions write it, and our door for Flask reads it."""
    try:
        from flask.json.tag import TaggedJSONSerializer
    except ImportError:
        return data
    tag = TaggedJSONSerializer().tag
    return {key: tag(value) for key, value in data.items()}


def _words(error: Exception) -> str:
    """The first line: what follows may be a statement with its values."""
    return str(error).partition("\n")[0]
