"""The store's live figures, as `stats()` tells them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from connect_sqlite import AsyncSQLiteStore, Stats

from .views import templates

router = APIRouter()

READS = {"get": "load a session", "find": "find a person's sessions"}
WRITES = {
    "create": "start a session",
    "merge": "save changes",
    "rotate": "give a session a new id",
    "touch": "move a session's end",
    "destroy": "end a session",
    "destroy_where": "end a person's others",
}


@router.get("/figures")
async def figures(request: Request) -> Response:
    store: AsyncSQLiteStore = request.app.state.store
    return templates.TemplateResponse(request, "figures.html", view(await store.stats()))


def view(stats: Stats) -> dict[str, object]:
    """What the template shows."""
    counts, latencies = stats["operations"], stats["latencies"]
    return {
        "sessions": stats["live"],
        "reads": sum(counts.get(name, 0) for name in READS),
        "writes": sum(counts.get(name, 0) for name in WRITES),
        "bytes": stats["file_bytes"] + stats["wal_bytes"],
        "calls": [
            {"name": name, "what": what, "count": counts.get(name, 0), "took": latencies.get(name)}
            for name, what in (READS | WRITES).items()
        ],
        "errors": sum(stats["errors"].values()),
    }
