"""A plugin of pytest in the child process: writes down how each of a framework's tests ended."""

import json
import os
import sys
from pathlib import Path

ends = {}
reasons = {}


def pytest_runtest_logreport(report):
    """Setup, call and teardown each report: the worst of them counts."""
    known = ends.get(report.nodeid, "passed")
    if report.failed or known == "failed":
        ends[report.nodeid] = "failed"
    elif report.skipped or known == "skipped":
        ends[report.nodeid] = "skipped"
    else:
        ends[report.nodeid] = "passed"
    if not report.passed:
        reasons[report.nodeid] = report.longreprtext


def pytest_collectreport(report):
    """A file that cannot be imported is a failed test."""
    if report.failed:
        ends[report.nodeid] = "failed"
        reasons[report.nodeid] = report.longreprtext


def pytest_sessionfinish(session):
    """Leave all of it to the parent, and say which modules came from the source's folder."""
    folder = Path(os.environ["NATIVE_FOLDER"]).resolve()
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    inside = [name for name, file in files.items() if file and folder in Path(file).parents]
    content = {"ends": ends, "reasons": reasons, "modules": inside}
    Path(os.environ["NATIVE_REPORT"]).write_text(json.dumps(content))
