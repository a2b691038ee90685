"""The contract as a test suite: proves any store, and needs pytest.

Subclass `StoreContract` or `AsyncStoreContract` and override `open`.
`connect_sqlite.testing.model` compares a store with a plain dict in random sequences of calls, and
needs Hypothesis.
"""

import pytest

# Before they are imported, so that a failed assert shows both sides.
pytest.register_assert_rewrite(f"{__name__}.promises", f"{__name__}.suite", f"{__name__}.model")

from .clock import Clock  # noqa: E402
from .suite import AsyncStoreContract, StoreContract  # noqa: E402

__all__ = ["AsyncStoreContract", "Clock", "StoreContract"]
