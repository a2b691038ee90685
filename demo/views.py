"""The templates, and how they show figures and times to people."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.templating import Jinja2Templates

templates = Jinja2Templates(Path(__file__).parent / "templates")  # these escape all they are given


def ago(moment: datetime) -> str:
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for length, one, many in ((86400, "day", "days"), (3600, "hour", "hours"), (60, "min", "min")):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {one if count == 1 else many} ago"
    return "just now"


def latency(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.1f} ms"


def size(count: int) -> str:
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def price(cents: int) -> str:
    return f"{cents / 100:.2f} €"


def as_json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


templates.env.filters.update(ago=ago, latency=latency, size=size, price=price, as_json=as_json)
