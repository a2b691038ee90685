"""The site's pages in Python: those of `site.js`, for either gateway."""

import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any, NamedTuple

from connect_sqlite.errors import SessionGone


class Reply(NamedTuple):
    """What a page answers, if it is more than data."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[bytes, ...] = ()
    late: Callable[[], None] | None = None
    """What is done once the first part of the body is out."""

    def parts(self) -> Iterator[bytes]:
        for number, part in enumerate(self.body):
            if number == 1 and self.late is not None:
                self.late()
            yield part


class Request:
    """One request; the session is at a key of the ASGI scope or of the WSGI environ."""

    def __init__(
        self, holder: MutableMapping[str, Any], key: str, path: str, query: dict[str, str]
    ) -> None:
        self.holder, self.key, self.query = holder, key, query
        self.page = PAGES.get(path.rpartition("/")[2], show)

    @property
    def session(self) -> Any:
        return self.holder.get(self.key)

    async def answer(self) -> Reply:
        """The page's answer; an exception becomes the site's own page of status 500."""
        try:
            answer = await self.page(self)
        except Exception as error:  # noqa: BLE001 - so do the error pages of frameworks
            return as_json({"error": type(error).__name__}, 500)
        return answer if isinstance(answer, Reply) else as_json(answer)


def as_json(data: Any, status: int = 200) -> Reply:
    body = json.dumps(data).encode()
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Reply(status, headers, (body,))


async def done(result: Any) -> None:
    """The session's calls that do I/O are awaited in ASGI, and in WSGI they are not."""
    if isawaitable(result):
        await result


async def show(request: Request) -> Any:
    return None if request.session is None else dict(request.session)


async def nothing(request: Request) -> Any:
    return {}


async def id_(request: Request) -> Any:
    return request.session.id


async def count(request: Request) -> Any:
    request.session["n"] = request.session.get("n", 0) + 1
    return dict(request.session)


async def set_(request: Request) -> Any:
    request.session.update(request.query)
    return {}


async def put(request: Request) -> Any:
    for key, text in request.query.items():
        request.session[key] = json.loads(text)
    return {}


async def dig(request: Request) -> Any:
    request.session[request.query["key"]][request.query["inner"]] = request.query["value"]
    return {}


async def set_and_unset(request: Request) -> Any:
    request.session["passing"] = 1
    del request.session["passing"]
    return {}


async def reorder(request: Request) -> Any:
    request.session["a"] = request.session.pop("a")
    return {}


async def clear(request: Request) -> Any:
    request.session.clear()
    return {}


async def max_age(request: Request) -> Any:
    request.session.cookie.max_age = timedelta(milliseconds=int(request.query["ms"]))
    return {}


async def expires(request: Request) -> Any:
    at = int(request.query.pop("at"))
    request.session.cookie.expires = datetime.fromtimestamp(at / 1000, UTC)
    return await set_(request)


async def cookie(request: Request) -> Any:
    cookie = request.session.cookie
    times = {"left": cookie.max_age, "whole": cookie.original_max_age}
    return {name: t if t is None else round(t * 1000) for name, t in times.items()}


async def regenerate(request: Request) -> Any:
    request.session.regenerate()
    return await set_(request)


async def regenerate_and_save(request: Request) -> Any:
    await regenerate(request)
    await done(request.session.save())
    return {}


async def rotate(request: Request) -> Any:
    request.session.rotate()
    return await set_(request)


async def destroy(request: Request) -> Any:
    request.session.destroy()
    return {"left": dict(request.session) or None}


async def null(request: Request) -> Any:
    request.session.update(request.query)
    request.holder[request.key] = None
    return {}


async def delete(request: Request) -> Any:
    del request.holder[request.key]
    return {}


async def save(request: Request) -> Any:
    request.session.update(request.query)
    await done(request.session.save())
    return {}


async def save_then_set(request: Request) -> Any:
    await save(request)
    request.session["after"] = "yes"
    return {}


async def reload(request: Request) -> Any:
    request.session["local"] = 1
    try:
        await done(request.session.reload())
    except SessionGone:
        return "failed"
    return dict(request.session)


async def touch(request: Request) -> Any:
    request.session.touch()
    return {}


async def throw(request: Request) -> Any:
    request.session.update(request.query)
    raise RuntimeError("the handler failed")


async def redirect(request: Request) -> Any:
    request.session.update(request.query)
    return Reply(302, (("Location", "/show"),), (b"Found. Redirecting to /show",))


async def own_cookies(request: Request) -> Any:
    request.session.update(request.query)
    own = (("Set-Cookie", "one=1; Path=/"), ("Set-Cookie", "two=2; Path=/"))
    return Reply(200, own, (b"{}",))


async def stream(request: Request) -> Any:
    request.session.update(request.query)
    return Reply(body=(b"first ", b"last"))


async def late_set(request: Request) -> Any:
    session, query = request.session, request.query
    return Reply(body=(b"first ", b"last"), late=lambda: session.update(query))


async def assign_id(request: Request) -> Any:
    before = request.session.id
    with suppress(AttributeError):
        request.session.id = "mine"
    return before == request.session.id


async def names(request: Request) -> Any:
    return sorted(request.session)


Page = Callable[[Request], Awaitable[Any]]

PAGES: dict[str, Page] = {
    page.__name__.strip("_").replace("_", "-"): page
    for page in (
        *(show, nothing, id_, count, set_, put, dig, set_and_unset, reorder, clear),
        *(max_age, expires, cookie, regenerate, regenerate_and_save, rotate, destroy),
        *(null, delete, save, save_then_set, reload, touch, throw, redirect, own_cookies),
        *(stream, late_set, assign_id, names),
    )
}
