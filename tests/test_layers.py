"""The rooms of the library, and who may know whom."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "connect_sqlite"
SOURCES = sorted(PACKAGE.rglob("*.py"))

PROMISE = {"contract", "errors", "expiry", "findings", "handles", "_extras"}
DOORS = {
    *("asgi", "wsgi", "telemetry"),
    *(
        "flask",
        "quart",
        "django",
        "litestar",
        "aiohttp",
        "pyramid",
        "sails",
        "typed",
        "flask_session",
    ),
}
PEOPLE = {"cli", "console", "devices", "doctor", "migrate"}

# A room's name stands for everything in it, a file's name for that file.
KNOWS = {
    # Only the front offers the stores to the world; inside, a name comes from where it is defined.
    "__init__": PROMISE | {"_stores", "_sqlite", "_redis"},
    **dict.fromkeys(PROMISE, PROMISE),
    **dict.fromkeys(DOORS, PROMISE | {"_session", "_stores.opening"}),
    # Litestar is ASGI: its sessions are those of that door, under other names.
    "litestar": PROMISE | {"_session", "_stores.opening", "asgi"},
    **dict.fromkeys(PEOPLE, PROMISE | {"_stores.opening"}),
    "_session": PROMISE,
    "_stores": PROMISE,
    "_sqlite": PROMISE | {"_stores"},
    "_redis": PROMISE | {"_stores"},
    "testing": PROMISE,
}

FOREIGN = {
    *("aiohttp", "django", "fastapi", "flask", "litestar", "pyramid", "quart", "starlette"),
    *("opentelemetry", "redis", "valkey"),
}


def module(path: Path) -> str:
    """The dotted name inside the package: `_stores.opening`, `_session`, or `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module(path) for path in SOURCES}


def imports(path: Path) -> Iterator[str]:
    """Each module of ours that this file imports, wherever in the file it does."""
    home = ("connect_sqlite", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from ours(alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = home[: len(home) + 1 - node.level] if node.level else ()
            base = ".".join((*start, *filter(None, [node.module])))
            for alias in node.names:
                yield from ours(f"{base}.{alias.name}")


def ours(name: str) -> Iterator[str]:
    """The module of ours that a dotted name lies in."""
    first, *rest = name.split(".")
    if first == "connect_sqlite":
        while rest and ".".join(rest) not in MODULES:
            rest.pop()
        yield ".".join(rest) or "__init__"


def allowed(importer: str, imported: str) -> bool:
    """Whether that is the same room, or one that the importer's room may know."""
    room, other = importer.split(".")[0], imported.split(".")[0]
    return room == other or bool({imported, other} & KNOWS[room])


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_a_room_knows_only_the_rooms_named(path):
    """A module imports from its own room and from those that its room may know."""
    importer = module(path)
    assert [] == [each for each in imports(path) if not allowed(importer, each)]


def test_every_room_is_named():
    """No module lies outside the rooms."""
    assert set() == {name.split(".")[0] for name in MODULES} - set(KNOWS)


def texts(tree: ast.AST) -> Iterator[str]:
    """The string literals that are no docstrings, an f-string's parts joined."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            yield " ? ".join(map(str, parts))


def names_columns(text: str) -> bool:
    """Whether it is SQL with the table's own columns in it."""
    sql = re.search(r"[=<>?]|\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|SET|VALUES|BY)\b", text)
    return bool(sql and re.search(r"\b(expired|sess)\b", text))


def test_only_operations_and_schema_know_the_table():
    """The engine moves transactions without knowing which columns they touch."""
    leaks = {
        module(path): [text for text in texts(ast.parse(path.read_text())) if names_columns(text)]
        for path in (PACKAGE / "_sqlite").glob("*.py")
        if path.stem not in {"operations", "schema"}
    }
    assert {} == {name: found for name, found in leaks.items() if found}


def test_files_stay_short():
    """No source file is longer than 400 lines."""
    kinds = {".py", ".c", ".js", ".mjs", ".cjs", ".ts", ".css", ".html", ".sh"}
    long = []
    for folder in ("src", "tests", "bench", "demo", "examples", "tools"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in kinds and "node_modules" not in path.parts:
                lines = len(path.read_text().splitlines())
                long += [f"{path.relative_to(ROOT)}: {lines}"] if lines > 400 else []
    assert [] == long


def test_importing_the_library_imports_nothing_else():
    """`import connect_sqlite` loads no framework, no Redis, no door and no command line."""
    code = "import connect_sqlite, json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(json.loads(done.stdout))
    own = {f"connect_sqlite.{name}" for name in DOORS | PEOPLE | {"_redis", "testing"}}
    assert set() == {name.split(".")[0] for name in loaded} & FOREIGN | loaded & own


def test_the_wheel_says_that_it_is_typed(tmp_path):
    """The built wheel holds every module of the package, and `py.typed`."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    expected = {path.relative_to(ROOT / "src").as_posix() for path in SOURCES}
    assert set() == (expected | {"connect_sqlite/py.typed"}) - shipped
