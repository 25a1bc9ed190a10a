"""A pytest plugin that writes the outcome of every test to a file, one JSON object a line.

`pytest -p record_outcomes --outcomes FILE [--only FILE]`. A test's name is its node id without the
addresses in it, and with a number where that name is not the only one. Tests that FILE knows
already are not run again, so an interrupted or crashed session continues where it ended. Every test
begins with the same random state. After a test, the state of the random generators and PyTorch's
global modes are written too: watching must leave them as they are without it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
import time
from collections import Counter

import pytest

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
RANKS = ("skipped", "passed", "xpassed", "xfailed", "failed", "error")
"""Of several reports of one test (its phases, its subtests), the last one in this order counts."""


def pytest_addoption(parser):
    group = parser.getgroup("conformance")
    group.addoption("--outcomes", help="file to which the outcomes are written")
    group.addoption("--only", help="JSON file with a list of the tests to run")


def pytest_configure(config):
    path = config.getoption("--outcomes")
    if path:
        config.pluginmanager.register(Recorder(path, config.getoption("--only")), "recorder")
    try:
        from hypothesis import settings
    except ImportError:
        return
    # The same examples in every run, however busy the machine is.
    settings.register_profile("conformance", derandomize=True, database=None, deadline=None)
    settings.load_profile("conformance")


class Recorder:
    """Writes outcomes.

    Args:
        path: of the file, which is continued.
        only: JSON file with a list of names; None runs all.
    """

    def __init__(self, path, only):
        self._known = set()
        try:
            with open(path, encoding="utf-8") as file:
                self._known = {entry["test"] for entry in map(json.loads, file) if "test" in entry}
        except FileNotFoundError:
            pass
        self._only = None
        if only:
            with open(only, encoding="utf-8") as file:
                self._only = set(json.load(file))
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115
        self._names = {}
        self._reports = []

    def _write(self, **entry):
        print(json.dumps(entry), file=self._file, flush=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        # A parameter that is a function puts its address into the node id.
        counts = Counter()
        for item in items:
            name = ADDRESS.sub("0x", item.nodeid)
            counts[name] += 1
            self._names[item.nodeid] = name if counts[name] == 1 else f"{name} ({counts[name]})"
        chosen = [
            item
            for item in items
            if (name := self._names[item.nodeid]) not in self._known
            and (self._only is None or name in self._only)
        ]
        self._write(collected=len(items))
        kept = {id(item) for item in chosen}
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        items[:] = chosen

    def pytest_collectreport(self, report):
        name = f"{report.nodeid or '(collection)'} (collection)"
        if report.failed and name not in self._known:
            self._write(test=name, outcome="error", message=first_line(report))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self._reports = []
        name = self._names[item.nodeid]
        self._write(begun=name)
        seed()
        began = time.perf_counter()
        result = yield
        seconds = time.perf_counter() - began
        outcome, message = combine(self._reports)
        self._write(
            test=name,
            outcome=outcome,
            message=message,
            state=state(),
            seconds=round(seconds, 4),
            watched=dict(item.user_properties).get("trainwell"),
        )
        return result

    def pytest_runtest_logreport(self, report):
        self._reports.append((outcome_of(report), first_line(report)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus):
        self._write(finished=int(exitstatus))


def outcome_of(report):
    """The outcome that one phase of a test gives it."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed and report.when != "call":
        return "error"
    return report.outcome


def combine(outcomes):
    """The outcome of a whole test, and the message that belongs to it.

    Args:
        outcomes: (outcome, message) of its phases and subtests.
    """
    # Set-up and teardown pass also where the test itself is skipped.
    telling = [pair for pair in outcomes if pair[0] != "passed"] or outcomes
    return max(telling, key=lambda pair: RANKS.index(pair[0]), default=("passed", ""))


def first_line(report):
    """The first line of what a report says of a failure or of a skipped test."""
    if getattr(report, "wasxfail", ""):
        return report.wasxfail
    text = report.longrepr
    if text is None:
        return ""
    if isinstance(text, tuple):
        return str(text[2]).partition("\n")[0]
    crash = getattr(text, "reprcrash", None)
    if crash is not None:
        return crash.message.partition("\n")[0]
    return (str(text).strip().splitlines() or [""])[-1]


def seed():
    """Give every test the same random numbers."""
    random.seed(0)
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed(0)
    if "torch" in sys.modules:
        import torch

        torch.manual_seed(0)


def state():
    """Digests of the random generators, and PyTorch's global modes."""
    found = {"python": digest(repr(random.getstate()).encode())}
    if "numpy" in sys.modules:
        import numpy as np

        _, numbers, at, *rest = np.random.get_state()
        found["numpy"] = digest(numbers.tobytes() + repr((at, rest)).encode())
    if "torch" in sys.modules:
        import torch

        found["torch"] = digest(torch.get_rng_state().numpy().tobytes())
        found["modes"] = " ".join(
            [
                f"grad={torch.is_grad_enabled()}",
                f"inference={torch.is_inference_mode_enabled()}",
                f"dtype={torch.get_default_dtype()}",
                f"anomaly={torch.is_anomaly_enabled()}",
                f"check_nan={torch.is_anomaly_check_nan_enabled()}",
                f"deterministic={torch.are_deterministic_algorithms_enabled()}",
                f"threads={torch.get_num_threads()}",
            ]
        )
    return found


def digest(data):
    return hashlib.sha256(data).hexdigest()[:12]
