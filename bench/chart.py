"""The chart of a run, drawn by hand: what each peer's call costs as a multiple of Node's.

Every bar begins at Node's time, to the left if quicker, to the right if slower, on a logarithmic
scale.  The colours are legible on GitHub's white and on its near-black, for an image there cannot
know which of them it stands on.
"""

import math
from html import escape

from .goals import TIMES, Results, single_ratio
from .tables import by_speed

_PANELS = ("get", "set", "touch", "set_then_get")

_WIDTH = 880
_LABELS = 190
_LEFT = 4
_GAP = 14
_TOP = 84
_ROW = 27
_BAR = 14
_LOWEST, _HIGHEST = 1 / 12, 700.0
"""The ends of the scale; the upper one leaves room for the figures."""
_LINES = (0.1, 1, 10, 100)

_STYLE = """
text {
  font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif;
  fill: #767b84;
}
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 11.5px }
.ours { fill: #178a5c; font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .2 }
.node { stroke: #767b84; stroke-width: 1.5 }
rect { fill: #8b949e; fill-opacity: .62 }
rect.ours { fill: #1f9d6a; fill-opacity: 1 }
rect.limit { fill: #4a8fd4; fill-opacity: .85 }
"""


def draw(results: Results) -> str:
    """The SVG of a run in which Node's original took part."""
    peers = results["single"]["peers"]
    names = [name for name in by_speed(results) if name != "node"]
    height = _TOP + _ROW * len(names) + 36
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title">',
        f"<style>{_STYLE}</style>",
        '<title id="title">Time of one call as a multiple of Node\'s connect-sqlite</title>',
        _text(_LEFT, 18, "Time of one call, as a multiple of Node's connect-sqlite", "title"),
        _text(_LEFT, 38, "Bars to the left are quicker than Node's, to the right slower.", "small"),
    ]
    for row, name in enumerate(names):
        parts.append(_text(_LEFT, _middle(row), peers[name]["label"], _kind(name)))
    for column, operation in enumerate(_PANELS):
        parts += _panel(results, names, column, operation)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(results: Results, names: list[str], column: int, operation: str) -> list[str]:
    bottom = _TOP + _ROW * len(names)
    parts = [_text(_place(column, 1), _TOP - 20, operation.replace("_", " "), "title", "middle")]
    for line in _LINES:
        at = _place(column, line)
        kind = "node" if line == 1 else "grid"
        parts.append(f'<path class="{kind}" d="M{at:.1f} {_TOP - 8}V{bottom}"/>')
        parts.append(_text(at, bottom + 18, f"{line:g}{TIMES}", "small", "middle"))
    for row, name in enumerate(names):
        if operation not in results["single"]["peers"][name]["rounds_us"]:
            parts.append(_text(_place(column, 1) + 6, _middle(row), "no such call", "small"))
            continue
        value = single_ratio(results, operation, name, "node")
        start, end = sorted((_place(column, 1), _place(column, value)))
        top = _TOP + _ROW * row + (_ROW - _BAR) / 2
        parts.append(
            f'<rect class="{_kind(name)}" x="{start:.1f}" y="{top:.1f}" '
            f'width="{max(end - start, 1.5):.1f}" height="{_BAR}" rx="2"/>'
        )
        # Always right of the bar: left of it the figure would run into the names.
        shown = f"{value:.2f}" if value < 10 else f"{value:.0f}"
        parts.append(_text(end + 5, _middle(row), shown, f"small {_kind(name)}"))
    return parts


def _extent(column: int) -> tuple[float, float]:
    width = (_WIDTH - _LABELS - _GAP * (len(_PANELS) - 1)) / len(_PANELS)
    return _LABELS + column * (width + _GAP), width


def _place(column: int, value: float) -> float:
    left, width = _extent(column)
    low, high = math.log(_LOWEST), math.log(_HIGHEST)
    return left + width * (min(max(math.log(value), low), high) - low) / (high - low)


def _middle(row: int) -> float:
    return _TOP + _ROW * row + _ROW / 2 + 4.5


def _kind(name: str) -> str:
    if name.startswith("store"):
        return "ours"
    return "limit" if name == "c_limit" else "peer"


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'
