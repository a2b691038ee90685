"""Where a person is signed in: the live sessions that the index finds for them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connect_sqlite import AsyncSQLiteStore, StoredSession, handle_of
from connect_sqlite.asgi import Session

# The first word found in a User-Agent wins, for most browsers also name their ancestors.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Device:
    """One browser in which a person is signed in."""

    handle: str
    browser: str
    since: datetime
    last_seen: datetime
    is_this: bool


class Devices:
    """Finds and ends the sessions of a person.

    A session id is as good as a password, so pages name a session by its handle.
    """

    def __init__(self, store: AsyncSQLiteStore, lifetime: timedelta) -> None:
        self._store = store
        self._lifetime = lifetime

    async def of(self, session: Session) -> list[Device]:
        """Where the owner of this session is signed in: here first, then the latest seen."""
        rows = await self._store.find("user.id", session["user"]["id"])
        devices = [self._device(row, session) for row in rows]
        return sorted(devices, key=lambda each: (each.is_this, each.last_seen), reverse=True)

    async def sign_out(self, session: Session, handle: str) -> bool:
        """End another session of the same owner; False when it is none of theirs, or gone."""
        for row in await self._store.find("user.id", session["user"]["id"]):
            if handle_of(row.id) == handle != handle_of(session.id):
                return await self._store.destroy(row.id) == 1
        return False

    async def sign_out_others(self, session: Session) -> int:
        """End all other sessions of the owner; how many there were."""
        user = session["user"]["id"]
        ended = await self._store.destroy_where("user.id", user, keep=(session.id,))
        # Should somebody hold a copy of this browser's cookie, it is worth nothing from now on.
        session.rotate()
        return ended

    def _device(self, row: StoredSession, this: Session) -> Device:
        return Device(
            handle=handle_of(row.id),
            browser=row["browser"],
            since=datetime.fromtimestamp(row["since"], UTC),
            # Each use moves a session's end, so the end tells when it was used last.
            last_seen=row.expires - self._lifetime,
            is_this=handle_of(row.id) == handle_of(this.id),
        )


def browser_name(user_agent: str) -> str:
    """What a person would call it: "Firefox on Linux"."""
    browser = next((name for word, name in BROWSERS.items() if word in user_agent), None)
    system = next((name for word, name in SYSTEMS.items() if word in user_agent), None)
    if browser is None:
        browser = user_agent.partition("/")[0][:30] or "Unknown browser"
    return f"{browser} on {system}" if system else browser
