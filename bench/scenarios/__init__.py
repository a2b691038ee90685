"""What is measured, one file for each idea.

A scenario has a `TITLE`, a `WEIGHT` (about how many seconds it takes) and `run(context, tell)`,
which returns plain data for the JSON.
"""

from typing import Any, Protocol

from ..context import Context
from ..status import Tell
from . import (
    aiohttp,
    concurrent,
    cookies,
    disk,
    django,
    durable,
    flask,
    importing,
    litestar,
    merging,
    opening,
    requests,
    rows,
    sealed,
    single,
    sockets,
    stall,
    sweeping,
    uvicorn,
)


class Scenario(Protocol):
    TITLE: str
    WEIGHT: float

    def run(self, context: Context, tell: Tell) -> dict[str, Any]: ...


SCENARIOS: dict[str, Scenario] = {
    "single": single,
    "durable": durable,
    "concurrent": concurrent,
    "stall": stall,
    "rows": rows,
    "sealed": sealed,
    "sweeping": sweeping,
    # After those that need every row of the large file, for an open store sweeps by itself.
    "opening": opening,
    "disk": disk,
    "sockets": sockets,
    "importing": importing,
    "requests": requests,
    "cookies": cookies,
    "uvicorn": uvicorn,
    "merging": merging,
    "flask": flask,
    "litestar": litestar,
    "aiohttp": aiohttp,
    "django": django,
}
