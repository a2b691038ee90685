"""Who takes part, one file each: a file in this folder that does not begin with `_` is a peer.

It has one subclass of `InProcess`, `InProcessAsync` or `Child`; nothing else is needed.
"""

import importlib
import inspect
import pkgutil

from ._peer import OPERATIONS, LeftOut, Peer

__all__ = ["OPERATIONS", "LeftOut", "Peer", "find"]


def find() -> dict[str, type[Peer]]:
    """Every peer by its file's name."""
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Peer) and member.__module__ == module.__name__:
                found[module_info.name] = member
    return found
