"""A pytest plugin that runs every test under its own `trainwell.watch(record=False)`.

`pytest -p watch_each_test [--watch-every N]`. A test inside of which something watches already runs
unwatched. What the watch has seen (steps, notes, whether it was refused) becomes a property of the
test's report.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser):
    group = parser.getgroup("conformance")
    group.addoption(
        "--watch-every", type=int, metavar="N", help="look at every N-th step, whatever it costs"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    import trainwell
    from trainwell.errors import BadInputError

    # The file that calls `watch` tells it which code is the user's: here the file of the test.
    scope = {}
    source = "def start(watch, every):\n    return watch(every=every, record=False)\n"
    exec(compile(source, str(item.path), "exec"), scope)
    watch = scope["start"](trainwell.watch, item.config.getoption("--watch-every"))
    try:
        watch.__enter__()
    except BadInputError as refusal:
        item.user_properties.append(("trainwell", {"refused": str(refusal)}))
        return (yield)
    try:
        result = yield
    except BaseException as error:
        watch.__exit__(type(error), error, error.__traceback__)
        raise
    else:
        watch.__exit__(None, None, None)
        return result
    finally:
        seen = {"steps": watch.record.steps, "notes": list(watch.record.notes)}
        item.user_properties.append(("trainwell", seen))
