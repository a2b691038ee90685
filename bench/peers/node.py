"""Node's original, `@sailscastshq/connect-sqlite`, in a `node` process."""

import shutil
from pathlib import Path

from ._child import Child
from ._peer import LeftOut

_SCRIPT = Path(__file__).with_name("node.js")


class Node(Child):
    label = "Node's connect-sqlite"

    def command(self) -> list[str]:
        return _command(self.context.node_modules)


def opening_command(node_modules: Path, database: Path) -> list[str]:
    """What opens a file once and prints the nanoseconds that it took.  `LeftOut` without Node."""
    return [*_command(node_modules), str(database), "-"]


def _command(node_modules: Path) -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise LeftOut("node is not installed")
    if not (node_modules / "@sailscastshq" / "connect-sqlite").is_dir():
        raise LeftOut("its npm package is not installed in node/node_modules")
    return [node, "--expose-gc", str(_SCRIPT), str(node_modules)]
