"""What an examination of a store tells: findings, as plain data and as text.

No finding holds a session's id or data, or text that somebody may have put into the file.
"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Report", "State"]


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    """As it should be."""
    NOTICE = "notice"
    """Worth knowing; nothing needs to be done."""
    WARNING = "warning"
    """It works, and something should be done before it does not."""
    PROBLEM = "problem"
    """Sessions are at risk, or the store does not work."""


_ORDER = list(State)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw."""

    check: str
    """The check's name: `"modes"`, `"integrity"` and so on."""
    state: State
    seen: str
    advice: str = ""
    """What to do; empty when nothing needs to be done."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an examination found, in the order of the checks.  `str()` of it is for people."""

    subject: str
    """The file that was examined, or `:memory:`."""
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """The worst of the findings' states."""
        return max((each.state for each in self.findings), key=_ORDER.index, default=State.OK)

    def of(self, check: str) -> tuple[Finding, ...]:
        """The findings of one check."""
        return tuple(each for each in self.findings if each.check == check)

    def __str__(self) -> str:
        width = max((len(each.check) for each in self.findings), default=0)
        lines = [f"{self.subject}: {self._summary()}"]
        for each in self.findings:
            lines.append(f"  {each.state:<8} {each.check:<{width}}  {each.seen}")
            if each.advice:
                lines.append(f"  {'':<8} {'':<{width}}  -> {each.advice}")
        return "\n".join(lines)

    def _summary(self) -> str:
        counts = [
            f"{count} {state}{'s' if count > 1 else ''}"
            for state in reversed(_ORDER[1:])
            if (count := sum(each.state is state for each in self.findings))
        ]
        return ", ".join(counts) or "all is well"
