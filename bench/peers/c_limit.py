"""The limit: a C program with prepared statements that does no more than a store must."""

from pathlib import Path

from .. import compiler
from ._child import Child
from ._peer import LeftOut

SOURCE = Path(__file__).with_name("c_limit.c")


class CLimit(Child):
    label = "C, the limit"

    def command(self) -> list[str]:
        amalgamation = self.context.node_modules / "better-sqlite3" / "deps" / "sqlite3"
        try:
            return [str(compiler.with_sqlite(SOURCE, amalgamation, self.context.cache))]
        except compiler.CannotCompile as error:
            raise LeftOut(str(error)) from None
