"""One way to keep sessions behind uvicorn, in a process of its own.

    python -m bench.server KIND SEED WHERE

It prints `port NUMBER` once it listens, or `error …` if it cannot, and ends when its input does.
`WHERE` is the sessions' file, or the URL of a Redis.
"""

import socket
import sys
import threading
from collections.abc import Callable

from .asgi import SECRET, App, shop


def connect_sqlite(app: App, where: str) -> App:
    from connect_sqlite.asgi import SessionMiddleware

    return SessionMiddleware(app, store=where, secret=SECRET)


def starlette_cookie(app: App, where: str) -> App:
    from starlette.middleware.sessions import SessionMiddleware

    return SessionMiddleware(app, secret_key=SECRET)


def starsessions_redis(app: App, where: str) -> App:
    from redis.asyncio.client import Redis
    from starsessions import SessionAutoloadMiddleware, SessionMiddleware
    from starsessions.stores.redis import RedisStore

    store = RedisStore(connection=Redis.from_url(where))
    loading: App = SessionAutoloadMiddleware(app)
    layer: App = SessionMiddleware(loading, store=store, cookie_https_only=False)
    return layer


KINDS: dict[str, Callable[[App, str], App]] = {
    "connect_sqlite": connect_sqlite,
    "starlette_cookie": starlette_cookie,
    "starsessions_redis": starsessions_redis,
    "no_sessions": lambda app, where: app,
}


def main(kind: str, seed: int, where: str) -> None:
    try:
        import uvicorn

        app = KINDS[kind](shop(seed), where)
    except ImportError as error:
        print(f"error {error}", flush=True)
        return
    # Only where a socket says that it is TCP, asyncio turns off Nagle's algorithm, which would keep
    # each answer waiting for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))

    def end_with_input() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    print(f"port {listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
