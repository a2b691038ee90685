"""The lines, in the list's order."""

from ..listing import LINES

from . import wire  # isort: skip
from . import options  # isort: skip
from . import loading  # isort: skip
from . import saving  # isort: skip
from . import ending  # isort: skip
from . import order  # isort: skip
from . import stored  # isort: skip
from . import objects  # isort: skip

__all__ = ["LINES", "ending", "loading", "objects", "options", "order", "saving", "stored", "wire"]
