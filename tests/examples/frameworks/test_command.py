"""`python examples/frameworks NAME …`: one command for any of the examples."""

import re
import signal
import stat
import subprocess
import sys

import httpx
from apps import APPS
from browsers import HERE
from processes import PATIENCE, is_listening

from examples.frameworks.servers import FIRST

ROOT = HERE.parents[1]
README = HERE / "README.md"


def test_every_example_can_be_named():
    """Each file has its usual server, under which it is tested, and no line is for no file."""
    files = {path.stem.removesuffix("_app") for path in HERE.glob("*_app.py")}
    tested = {(app.file.partition(":")[0].removesuffix("_app"), app.server) for app in APPS}
    assert files == {name for name, _ in tested}
    assert set() == {(name, FIRST.get(name)) for name in files} - tested


def test_the_table_of_differences_is_the_codes():
    """Each piece of code in the README's table is in the file that its column is about."""
    head, _, *lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in README.read_text().partition("\n## The app's API")[0].splitlines()
        if line.startswith("|")
    ]
    files = [(HERE / re.search(r"\((\w+\.py)\)", cell)[1]).read_text() for cell in head[1:]]
    assert (2, 11) == (len(files), len(lines))
    for _, *cells in lines:
        for code, cell in zip(files, cells, strict=True):
            assert cell.strip("`") in code


def test_one_command_starts_several(tmp_path):
    """It says where each is, who signs in at one is known at the other, and Ctrl-C ends both."""
    data = tmp_path / "data"
    command = [sys.executable, str(HERE), "starlette", "wsgi", "--port", "0", "--data", str(data)]
    examples = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    said = ""
    try:
        while "Ctrl-C" not in said:
            line = examples.stdout.readline()
            assert line, f"the examples ended:\n{said}"
            said += line
        found = re.findall(r"^(\w+) on (\w+): +(http://127\.0\.0\.1:(\d+)/)$", said, re.MULTILINE)
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            (_, _, first, _), (_, _, second, _) = found
            client.post(first + "sign-in", json={"name": "Mira"}).raise_for_status()
            answer = client.get(second + "account").json()
    finally:
        examples.send_signal(signal.SIGINT)
        try:
            code = examples.wait(PATIENCE)
        finally:
            examples.kill()
    said += examples.stdout.read()
    examples.stdout.close()
    assert [("starlette", "uvicorn"), ("wsgi", "gunicorn")] == [each[:2] for each in found]
    assert ("WSGI", "Mira") == (answer["framework"], answer["user"])
    assert 0 == code
    assert said.rstrip().endswith(f"Stopped.  The sessions wait in {data}.")
    assert [False, False] == [is_listening(int(each[3])) for each in found]
    assert {0o600} == {stat.S_IMODE(each.stat().st_mode) for each in data.iterdir()}
