"""The lines, in the list's order."""

from ..listing import LINES
from . import wire

__all__ = ["LINES", "wire"]
