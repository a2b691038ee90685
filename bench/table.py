"""A table's cells once, drawn for the terminal and for Markdown."""

import textwrap
from dataclasses import dataclass

Cells = list[str]

NOTHING = "\N{EN DASH}"
"""In a cell for which there is no figure."""


@dataclass(frozen=True)
class Table:
    """Cells by row; the first column holds names, the others figures."""

    title: str
    head: Cells
    rows: list[Cells]
    below: str = ""

    def markdown(self) -> str:
        lines = [
            _pipes(self.head),
            _pipes(["---", *["---:"] * (len(self.head) - 1)]),
            *map(_pipes, self.rows),
        ]
        return "\n".join([*lines, "", self.below]).rstrip()

    def terminal(self) -> str:
        cells = [[cell.replace("`", "").replace("**", "") for cell in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.head, *cells, strict=True)]
        rule = "─" * (sum(widths) + 2 * len(widths) - 2)
        lines = [f"\n{self.title}", rule, _aligned(self.head, widths), rule]
        lines += [_aligned(row, widths) for row in cells]
        return "\n".join([*lines, *textwrap.wrap(self.below, max(len(rule), 60))])


def _pipes(cells: Cells) -> str:
    return f"| {' | '.join(cells)} |"


def _aligned(cells: Cells, widths: list[int]) -> str:
    first, *figures = zip(cells, widths, strict=True)
    parts = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in figures)]
    return "  ".join(parts).rstrip()
