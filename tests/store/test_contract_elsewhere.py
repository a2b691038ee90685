"""The suite knows nothing of SQLite: a store that is a plain dict passes it as well."""

import functools
import threading
from collections import Counter

from connect_sqlite import (
    JSON,
    InvalidSession,
    InvalidSessionId,
    SessionExists,
    StoreClosed,
    StoredSession,
    TouchResult,
    UnknownIndex,
)
from connect_sqlite.expiry import NEVER, expiry_of, from_datetime, to_iso
from connect_sqlite.testing import StoreContract
from connect_sqlite.testing.model import check_store

LOCK = threading.Lock()


def call(method):
    """A call of the contract: refused when closed, and counted."""

    @functools.wraps(method)
    def counted(self, *args, **options):
        with LOCK:
            if self.closed:
                raise StoreClosed("the store was closed")
            self.operations[method.__name__] += 1
            try:
                return method(self, *args, **options)
            except SessionExists as error:
                self.errors[type(error).__name__] += 1
                raise

    return counted


class DictStore:
    """Sessions as text in a dict, which several stores may share."""

    def __init__(self, rows, *, clock, prefix="sess:", ttl=86_400, disable_touch=False, **others):
        if "\0" in prefix or not encodable(prefix):
            raise ValueError("prefix cannot hold NUL or a lone surrogate")
        if ttl is not None and not 0 < ttl < NEVER / 1000:
            raise ValueError("ttl must be more than 0, and not too much")
        prefix = "".join((prefix,))
        self.rows, self.clock, self.prefix, self.ttl = rows, clock, prefix, ttl
        self.disable_touch = disable_touch
        self.serializer = others.get("serializer", JSON)
        self.max_bytes = others.get("max_bytes", 1_000_000)
        self.indexes = tuple(others.get("indexes", ()))
        self.operations, self.errors = Counter(), Counter()
        self.closed = False

    # ------------------------------------------------------------------ what the calls are made of

    def now(self):
        return int(self.clock() * 1000)

    def key(self, sid):
        if not isinstance(sid, str) or "\0" in sid or not encodable(sid):
            raise InvalidSessionId("an id is text")
        if not 0 < len(sid.encode()) < 256:
            raise InvalidSessionId("an id has 1 to 255 bytes")
        return self.prefix + "".join((sid,))

    def ours(self, *, live=True):
        """Ids and keys of this prefix, in order."""
        keys = sorted(key for key in self.rows if key.startswith(self.prefix))
        alive = [key for key in keys if (self.rows[key][1] > self.now()) is live]
        return {key[len(self.prefix) :]: key for key in alive}

    def is_live(self, key):
        return key in self.rows and self.rows[key][1] > self.now()

    def timed(self, session):
        if not hasattr(session, "keys"):
            raise InvalidSession("a session is a mapping")
        ends = expiry_of(session, self.ttl, self.now())
        cookie = session.get("cookie")
        if ends > self.now() and cookie and hasattr(cookie.get("expires"), "astimezone"):
            session = {**session, "cookie": {**cookie, "expires": to_iso(cookie["expires"])}}
        return session, ends

    def encode(self, session):
        try:
            text = self.serializer.dumps(dict(session))
        except InvalidSession:
            raise
        except (ValueError, TypeError):
            raise InvalidSession("the serializer refused it") from None
        if not isinstance(text, str) or not encodable(text):
            raise InvalidSession("the serializer wrote no text")
        if len(text.encode()) > self.max_bytes:
            largest = max(session, key=lambda key: len(str(session[key])))
            raise InvalidSession(f"too long, above all {largest}")
        return text

    def load(self, sid):
        text, ends = self.rows[self.key(sid)]
        try:
            found = StoredSession(self.serializer.loads(text))
        except (ValueError, SyntaxError):
            self.errors["unreadable"] += 1
            return None
        found.id, found.expires_ms = "".join((sid,)), ends
        return found

    def remove(self, keys):
        keys = dict.fromkeys(keys)
        ended = sum(self.is_live(key) for key in keys)
        for key in keys:
            self.rows.pop(key, None)
        return ended

    def put(self, key, text, ends):
        self.rows.pop(key, None)
        if ends > self.now():
            self.rows[key] = text, ends

    # ------------------------------------------------------------------ the calls

    @call
    def get(self, sid):
        return self.load(sid) if self.is_live(self.key(sid)) else None

    @call
    def set(self, sid, session):
        key, (session, ends) = self.key(sid), self.timed(session)
        self.put(key, self.encode(session) if ends > self.now() else "", ends)

    @call
    def create(self, sid, session):
        key, (session, ends) = self.key(sid), self.timed(session)
        text = "" if ends <= self.now() else self.encode(session)
        if self.is_live(key):
            raise SessionExists("that id is live")
        if text:
            self.put(key, text, ends)

    @call
    def touch(self, sid, session):
        key, (_, ends) = self.key(sid), self.timed(session)
        if self.disable_touch:
            return None
        if not self.is_live(key):
            return TouchResult.EXPIRED
        self.put(key, self.rows[key][0], ends)
        return TouchResult.OK if key in self.rows else TouchResult.EXPIRED

    @call
    def merge(self, sid, changed, removed=(), expires=None):
        key, (changed, _) = self.key(sid), self.timed(changed)
        self.encode(changed)
        moved = None if expires is None else from_datetime(expires, "expires")
        if moved is not None and moved > NEVER:
            raise InvalidSession("expires lies after the year 9999")
        old = self.load(sid) if self.is_live(key) else None
        if old is None:
            return None
        removed = set(removed)
        if not all(isinstance(name, str) for name in removed):
            raise TypeError("a key is a str")
        kept = {name: value for name, value in old.items() if name not in removed}
        self.put(key, self.encode({**kept, **changed}), old.expires_ms if moved is None else moved)
        return self.load(sid) if key in self.rows else None

    @call
    def rotate(self, old, new, session, changed=None, removed=()):
        sid, old, new = old, self.key(old), self.key(new)
        session, ends = self.timed(session)
        if changed is not None and self.is_live(old):
            kept = {name: v for name, v in self.load(sid).items() if name not in set(removed)}
            session = {**kept, **changed}
        text = "" if ends <= self.now() else self.encode(session)
        if not self.is_live(old):
            return False
        if self.is_live(new):
            raise SessionExists("that id is live")
        self.remove([old])
        self.put(new, text, ends)
        return True

    @call
    def destroy(self, sid):
        return self.remove([self.key(sid)])

    @call
    def destroy_many(self, sids):
        return self.remove([self.key(sid) for sid in sids])

    def having(self, path, value, *, live=True):
        if path not in self.indexes:
            raise UnknownIndex(f"{path} is not indexed")
        if type(value) not in (str, int) or (type(value) is int and not -(2**63) <= value < 2**63):
            raise TypeError("an index is asked for a str or an int")
        if isinstance(value, str) and not encodable(value):
            raise ValueError("an index is asked for text without a lone surrogate")
        for sid in self.ours(live=live):
            found = self.load(sid)
            at = found
            for name in path.split("."):
                at = at.get(name) if isinstance(at, dict) else None
            if type(at) is type(value) and at == value:
                yield found

    @call
    def find(self, path, value):
        return list(self.having(path, value))

    @call
    def destroy_where(self, path, value, *, keep=()):
        keep = {self.key(sid) for sid in keep}
        found = [*self.having(path, value), *self.having(path, value, live=False)]
        return self.remove({self.key(each.id) for each in found} - keep)

    @call
    def length(self):
        return len(self.ours())

    @call
    def clear(self):
        return self.remove([*self.ours().values(), *self.ours(live=False).values()])

    @call
    def ids(self):
        return list(self.ours())

    @call
    def all(self):
        return [found for sid in self.ours() if (found := self.load(sid)) is not None]

    @call
    def scan(self, *, after=None, limit=1000):
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        start = self.prefix if after is None else self.key(after)
        behind = (self.load(sid) for sid, key in self.ours().items() if key > start)
        return [found for found in behind if found is not None][:limit]

    @call
    def sweep(self, limit=10_000):
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        expired = list(self.ours(live=False).values())[:limit]
        self.remove(expired)
        return len(expired)

    @call
    def stats(self):
        operations = {name: count for name, count in self.operations.items() if name != "stats"}
        return {
            "live": len(self.ours()),
            "expired": len(self.ours(live=False)),
            "file_bytes": 0,
            "wal_bytes": 0,
            "operations": operations,
            "latencies": {name: {"p50": 0.0, "p99": 0.0, "max": 0.0} for name in operations},
            "errors": dict(self.errors),
        }

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def encodable(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class TestADict(StoreContract):
    def open(self, **options):
        if not hasattr(self, "rows"):
            self.rows = {}
        return DictStore(self.rows, **options)


def test_a_dict_beside_a_dict():
    """Random sequences of calls find nothing either, with two stores on one place."""
    rows = {}
    check_store(functools.partial(DictStore, rows), stores=2, lasting=True)
