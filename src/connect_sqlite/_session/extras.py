"""The doors' way to what is said when their framework is not installed."""

from .._extras import extra

__all__ = ["extra"]
