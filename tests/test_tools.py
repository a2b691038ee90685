"""The toolchain: what `make` does in a fresh clone, and what it says when something is missing."""

import ast
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

import needs
from tools import environments, interpreters, node, setup, sources, suite, work
from tools.interpreters import Interpreter

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "requirements/sources.txt"
PINS = sorted(set((ROOT / "requirements").glob("*.txt")) - {SOURCES})


def fake_python(path, version, complete=True):
    """A program that answers the probe as that Python would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    minor = ".".join(version.split(".")[:2])
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' {minor} {version} {path} {complete}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without any Python but the one that runs this."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    return tmp_path


def releases():
    return [each.release for each in interpreters.find()]


def test_pythons_on_path_are_found(machine):
    """Each supported version on PATH is found, the oldest first."""
    for version in ("3.13.2", "3.11.9", "3.9.1"):
        fake_python(machine / f"bin/python{version.rpartition('.')[0]}", version)
    assert ["3.11.9", "3.13.2"] == releases()


def test_pyenv_offers_its_newest_builds(machine):
    """Of pyenv's builds the newest of a version counts, and free-threaded ones do not."""
    for build in ("3.12.9", "3.12.10", "3.12.11t"):
        fake_python(machine / f"pyenv/versions/{build}/bin/python3.12", build.rstrip("t"))
    assert ["3.12.10"] == releases()


def test_a_shim_stands_for_the_builds_behind_it(machine, monkeypatch):
    """Pyenv's shims refuse versions that are not switched on; the builds behind them are used."""
    monkeypatch.setenv("PATH", str(machine / "elsewhere/shims"))
    fake_python(machine / "elsewhere/shims/python3.12", "3.11.1")
    fake_python(machine / "elsewhere/versions/3.12.4/bin/python3.12", "3.12.4")
    assert ["3.12.4"] == releases()


def test_a_python_that_can_make_environments_is_preferred(machine):
    """One that lacks `ensurepip` gives way to one of the same version that has it."""
    fake_python(machine / "bin/python3.11", "3.11.2", complete=False)
    assert ["3.11.2"] == releases()
    fake_python(machine / "pyenv/versions/3.11.9/bin/python3.11", "3.11.9")
    assert ["3.11.9"] == releases()


def test_the_oldest_complete_python_is_the_main_one():
    """Python 3.11 is the main one where it is there, else the lowest that can make environments."""
    bare, full = Interpreter("3.11", "3.11.2", "a", False), Interpreter("3.12", "3.12.1", "b", True)
    assert full == setup.choose([bare, full])
    with pytest.raises(work.Failed, match=r"apt-get install python3\.11-venv"):
        setup.choose([bare])
    with pytest.raises(work.Failed, match=r"No Python 3\.11 or newer"):
        setup.choose([])


def test_what_is_installed_is_not_installed_again(tmp_path, monkeypatch):
    """A second set-up runs nothing, and a changed requirement file only what depends on it."""
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    for name in ("demo", "test"):
        (tmp_path / f"{name}.txt").write_text("one==1\n")
    commands = []
    monkeypatch.setattr(environments, "run", lambda command, **_: commands.append(command))
    environment = environments.Environment(Interpreter("3.11", "3.11.2", "a", True), ROOT / ".venv")
    environment.folder = tmp_path / "venv"
    (tmp_path / "venv/bin").mkdir(parents=True)
    environment.python.touch()

    environment.install(("demo", "test"))
    assert 3 == len(commands)
    environment.install(("demo", "test"))
    assert 3 == len(commands)
    (tmp_path / "test.txt").write_text("one==2\n")
    environment.install(("demo", "test"))
    assert [tmp_path / "test.txt"] == [part for part in commands[-1] if part in tmp_path.iterdir()]
    assert 4 == len(commands)
    of_pins = [command for command in commands if "-r" in command]
    assert 2 == len(of_pins)
    for command in of_pins:
        assert {"--require-hashes", "--only-binary"} <= set(command)


def test_a_peer_that_does_not_install_is_named(monkeypatch):
    """The benchmark is set up without a peer that fails, and says which one that is."""
    environment = environments.Environment(Interpreter("3.11", "3.11.2", "a", True), ROOT / ".venv")
    asked = []

    def pip(*arguments):
        asked.append(arguments)
        if "lmdb==" in Path(arguments[-1]).read_text():
            raise work.Failed("no compiler")

    monkeypatch.setattr(environment, "create", lambda: None)
    monkeypatch.setattr(environment, "has", lambda name: False)
    monkeypatch.setattr(environment, "pip", pip)
    (lmdb,) = (pin for pin in environments.pins("bench") if pin.startswith("lmdb=="))
    assert [lmdb] == environment.install_peers(("bench",))
    assert len(environments.pins("bench")) == len(asked) - 1
    assert [] == [each for each in asked if "--require-hashes" not in each]


def test_another_build_of_a_release_is_explained(monkeypatch):
    """A file with another hash than pinned ends the set-up, which says what that means."""

    def run(command, **_):
        raise work.Failed("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE ...")

    monkeypatch.setattr(environments, "run", run)
    environment = environments.Environment(Interpreter("3.11", "3.11.2", "a", True), ROOT / ".venv")
    with pytest.raises(work.Failed, match=r"(?s)DO NOT MATCH.*docs/supply-chain\.md"):
        environment.install_pins(["lock"])
    assert (ROOT / "docs/supply-chain.md").exists()


def test_a_missing_node_is_named(monkeypatch):
    """Without Node, and without the right to install it, the set-up says what to install."""
    monkeypatch.setattr("shutil.which", lambda program: None)
    assert "nodejs npm" in (node.install() or "")


def test_ci_takes_all_or_nothing(monkeypatch, capsys):
    """Something left out is said loudly by everyone's run, and fails CI's."""
    monkeypatch.delenv("CI", raising=False)
    assert 0 == suite.sum_up([], ["Python 3.13"])
    assert "!!   Python 3.13" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    assert 1 == suite.sum_up([], ["Python 3.13"])
    assert 0 == suite.sum_up([], [])


def test_a_test_that_needs_node_is_skipped_or_fails(monkeypatch, tmp_path):
    """Without the Node packages a test is skipped at home, and fails under CI."""
    monkeypatch.setattr(needs, "NODE", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make setup"):
        needs.node_dir()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make setup"):
        needs.node_dir()


@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda path: path.stem)
def test_any_python3_can_start_the_tools(path):
    """The tools are written in Python 3.8, whatever `python3` is on a machine."""
    ast.parse(path.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_every_requirement_is_pinned(path):
    """Each chosen package is pinned to one release and its hashes, and no line names a source."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    pinned = environments.pins(path.stem)
    assert lines == [line for pin in pinned.values() for line in pin.splitlines()]
    for release, pin in pinned.items():
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .*)?", release)
        hashes = pin.removeprefix(release)
        assert re.fullmatch(r"( \\\n    --hash=sha256:[0-9a-f]{64})+", hashes), release
    chosen = {name.lower() for name in environments.peers(path.stem)}
    assert set() == chosen - {release.split("==")[0] for release in pinned}


def test_the_sources_of_the_frameworks_tests_are_pinned():
    """Their tests are those of the releases that are installed, and each archive has a hash."""
    installed = {
        line.split(" ")[0] for name in ("demo", "frameworks") for line in sources.locked(name)
    }
    assert all(
        re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", each) for each in sources.pins()
    )
    pinned = [each.split(" ")[0] for each in sources.pins()]
    assert sources.releases(installed) == pinned, "run `make lock`"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """One pinned sdist, and a pip that hands it out; returns what was asked of pip."""
    (tmp_path / "sources.txt").write_text("Some==1.0 --hash=sha256:00\n")
    monkeypatch.setattr(sources, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(sources, "FOLDER", tmp_path / ".sources")
    asked = []

    def pip(command, **_):
        asked.append(command)
        scratch = Path(command[command.index("--dest") + 1])
        (scratch / "Some-1.0").mkdir()
        (scratch / "Some-1.0/test_it.py").write_text("")
        with tarfile.open(scratch / "Some-1.0.tar.gz", "w:gz") as packed:
            packed.add(scratch / "Some-1.0", "Some-1.0")

    monkeypatch.setattr(sources, "run", pip)
    return asked


def test_a_source_is_fetched_once(archive, tmp_path):
    """An sdist is unpacked under its name, compared with its hash, and not fetched again."""
    sources.fetch()
    sources.fetch()
    assert 1 == len(archive)
    assert "--require-hashes" in archive[0]
    assert ["some-1.0"] == [path.name for path in (tmp_path / ".sources").iterdir()]
    assert (tmp_path / ".sources/some-1.0/test_it.py").exists()
    (tmp_path / "sources.txt").write_text("Some==1.0 --hash=sha256:01\n")
    sources.fetch()
    assert 2 == len(archive)


def test_a_source_that_cannot_be_had_is_named(archive, monkeypatch):
    """Without an index, or with another hash than pinned, the set-up fails and says for what."""

    def pip(command, **_):
        raise work.Failed("THESE PACKAGES DO NOT MATCH THE HASHES")

    monkeypatch.setattr(sources, "run", pip)
    with pytest.raises(work.Failed, match=r"of Some==1\.0 could not be had.\n.* HASHES"):
        sources.fetch()
    with pytest.raises(work.Failed):
        sources.fetch()


def test_node_packages_are_pinned():
    """The Node packages are exact releases with hashes, from no named registry, without Sails."""
    package = json.loads((ROOT / "node/package.json").read_text())
    lock = json.loads((ROOT / "node/package-lock.json").read_text())
    locked = {name.removeprefix("node_modules/"): each for name, each in lock["packages"].items()}
    for name, version in package["dependencies"].items():
        assert version == locked[name]["version"]
    assert "sails" not in locked
    assert [] == [name for name, each in locked.items() if "resolved" in each]
    assert [""] == [name for name, each in locked.items() if "integrity" not in each]


def test_one_node_package_may_run_something(monkeypatch):
    """No package runs a script when it is installed, but one that compiles what was pinned."""
    assert "ignore-scripts=true" in (ROOT / "node/.npmrc").read_text().splitlines()
    commands = []
    monkeypatch.setattr(node, "run", lambda command, **more: commands.append((command, more)))
    node.install_packages()
    running = [(c, more) for c, more in commands if "--ignore-scripts=false" in c]
    assert [["npm", "rebuild", "better-sqlite3", "--ignore-scripts=false"]] == [
        command for command, _ in running
    ]
    assert "true" == running[0][1]["extra"]["npm_config_build_from_source"]


def test_make_alone_lists_the_targets():
    """`make` names every target, each with a line on what it does."""
    done = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make (\w+)\s+\w.*$", done.stdout, re.MULTILINE)
    assert sorted(targets) == sorted(listed)


def test_ci_runs_what_the_readme_says():
    """CI's script is `make test` and nothing else."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if not line.startswith(("#", "set ", "cd "))]
    assert ["exec make test"] == commands
