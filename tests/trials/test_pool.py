"""Trials as processes: how each of them ends, and that none is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from trainwell.remedies.catalogue import parse
from trainwell.trials.job import Job, Outcome
from trainwell.trials.pool import Pool, PoolDiedError, cores, preloads

TRAINS = """
import sys, torch
torch.manual_seed(0)
print("begun", *sys.argv[1:])
x = torch.randn(32, 4)
y = x.sum(1, keepdim=True)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        loss = torch.nn.functional.mse_loss(model(x), y)
print("ended", repr(loss.item()), file=sys.stderr)
"""

LEAVES = """
import os, subprocess, sys
left = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
print(left.pid, os.getpid())
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


@pytest.fixture
def end(pool: Pool, tmp_path: Path) -> Iterator[object]:
    """Runs the text of a script; gives its outcome."""

    def ended(source: str, *arguments: str, limit: float = 300.0, **options: object) -> Outcome:
        path = tmp_path / "train.py"
        path.write_text(source)
        job = Job(str(path), arguments, folder=str(tmp_path), home=str(tmp_path), **options)  # type: ignore[arg-type]
        number = pool.start(job)
        found, outcome = pool.wait(limit)
        assert found == number
        return outcome

    yield ended
    assert pool.free == pool.size


def is_gone(pid: int) -> bool:
    """Whether a process ends, waiting for it if need be."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([watched], [], [], 60)
        return bool(ready)
    finally:
        os.close(watched)


def test_an_outcome(end) -> None:
    outcome = end(TRAINS, "--lr", "1", threads=1)
    assert (outcome.status, outcome.error, outcome.failed) == (0, "", False)
    [points] = outcome.curves.values()
    assert [p[0] for p in points] == [1, 2, 3]
    begun, ended = outcome.output.splitlines()
    assert begun == "begun --lr 1"
    assert float(ended.split()[1]) == pytest.approx(points[-1][1])
    assert (outcome.steps, outcome.run, outcome.survey) == (3, None, None)
    assert outcome.seconds > 0


def test_seeds_move_what_the_script_seeds(end) -> None:
    plain, again, other = (end(TRAINS, seed=seed).curves for seed in (0, 0, 1))
    assert plain == again != other


def test_remedies_act_and_what_is_asked_for_comes_along(end) -> None:
    remedies = tuple(r.to_json() for r in parse("lower_learning_rate,dropout"))
    outcome = end(TRAINS, remedies=remedies, survey=True, record=True)
    assert outcome.unused == {"dropout": "its moment never came in this run"}
    assert outcome.curves != end(TRAINS).curves
    assert outcome.run is not None
    assert outcome.survey is not None
    assert outcome.survey["optimizers"][0]["kind"] == "SGD"


def test_a_module_stays_where_it_lies_and_its_source_can_change(pool: Pool, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "train.py").write_text("import os" + TRAINS + "print(__file__, os.getcwd())\n")
    job = Job(
        "package.train",
        is_module=True,
        folder=str(tmp_path),
        home=str(tmp_path),
        scratch=("written.txt",),
        survey=True,
    )
    for change, steps in (((), 3), (parse("train_longer=2"), 6)):
        pool.start(replace(job, remedies=tuple(r.to_json() for r in change)))
        _, outcome = pool.wait(300)
        assert (outcome.status, outcome.steps, outcome.unused) == (0, steps, {})
        path, folder = outcome.output.splitlines()[-1].split()
        assert path == str(package / "train.py") == outcome.survey["script"]  # type: ignore[index]
        assert folder != str(tmp_path)


def test_a_script_that_raises(end) -> None:
    outcome = end("print('before')\nraise ValueError('no such thing\\nat all')\n")
    assert (outcome.status, outcome.error) == (1, "ValueError: no such thing")
    assert outcome.failed
    assert outcome.output.startswith("before\n")


@pytest.mark.parametrize(
    ("source", "status", "error"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('it went wrong')", 1, "it went wrong"),
        ("raise SystemExit", 0, ""),
        ("import os; os._exit(0)", 1, "it ended without a result"),
        ("import os; os._exit(4)", 4, "it ended without a result"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, "killed by SIGKILL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -11, "killed by SIGSEGV"),
        ("x = = 3", 2, "train.py:1 is not valid Python"),
    ],
)
def test_other_ends(end, source: str, status: int, error: str) -> None:
    outcome = end(source)
    assert outcome.status == status
    assert error in outcome.error if error else outcome.error == ""


def test_what_was_printed_before_a_violent_end_is_kept(end) -> None:
    outcome = end(
        "import os, signal, sys\nprint('last words', flush=True)\nprint('é', file=sys.stderr)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert outcome.output == "last words\né\n"


def test_of_long_output_the_end_is_kept(end) -> None:
    outcome = end("print('x' * 2_000_000)\nprint('the end')\n")
    assert len(outcome.output) == 1 << 20
    assert outcome.output.endswith("xxx\nthe end\n")


def test_a_script_that_hangs_is_stopped(end) -> None:
    outcome = end("import signal\nsignal.pause()\n", limit=0.2)
    assert (outcome.status, outcome.error) == (-signal.SIGKILL, "stopped after 0 seconds")


def test_the_pool_goes_on_after_all_this(end) -> None:
    assert end("print('well')").output == "well\n"


def test_standard_input_is_empty(end) -> None:
    assert end("print(repr(input()))").error.startswith("EOFError")


def test_threads_of_the_script_end_first(end) -> None:
    source = "import threading\nthreading.Timer(0.05, lambda: print('late')).start()\n"
    assert end(source).output == "late\n"


def test_what_a_script_starts_ends_with_it(end) -> None:
    pids = end(LEAVES).output.split()
    assert len(pids) == 2
    assert all(is_gone(int(pid)) for pid in pids)


def test_several_at_a_time(pool: Pool, tmp_path: Path) -> None:
    # Each waits for the other: one after the other they would wait forever.
    for one, other in (("a", "b"), ("b", "a")):
        os.mkfifo(tmp_path / one)
        (tmp_path / f"{one}.py").write_text(
            "import threading\n"
            f"threading.Thread(target=lambda: open('{one}', 'w').close()).start()\n"
            f"open('{other}').close()\nprint('{one}')\n"
        )
    numbers = {
        pool.start(Job(str(tmp_path / f"{name}.py"), folder=str(tmp_path))): name for name in "ab"
    }
    assert pool.free == 0
    ended = dict(pool.wait(60) for _ in numbers)
    assert {numbers[n]: o.output for n, o in ended.items()} == {"a": "a\n", "b": "b\n"}


DRIVER = """
import sys
from trainwell.trials.job import Job
from trainwell.trials.pool import Pool
pool = Pool(1)
pool.start(Job(sys.argv[1]))
print(pool._server.pid, flush=True)
pool.wait()
"""

HANGS = """
import os, signal, sys
with open(sys.argv[0] + ".fifo", "w") as file:
    print(os.getpid(), file=file)
signal.pause()
"""


def test_nothing_is_left_when_the_driver_is_killed(tmp_path: Path) -> None:
    script, fifo = tmp_path / "train.py", tmp_path / "train.py.fifo"
    script.write_text(HANGS)
    os.mkfifo(fifo)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(script)], stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None
    server = int(driver.stdout.readline())
    trial = int(fifo.read_text())
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert is_gone(trial)
    assert is_gone(server)


def test_only_a_few_packages_are_imported_beforehand(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import numpy as np, torch\nfrom sklearn.datasets import load_iris\n"
        "from . import mine\nimport local, sklearn.svm\n"
        "def f():\n    import pandas\n"
    )
    assert set(preloads(str(script))) == {"numpy", "sklearn.datasets", "sklearn.svm", "pandas"}
    script.write_text("x = = 3")
    assert preloads(str(script)) == ()
    assert preloads("absent.py") == ()


def _job(folder: Path, source: str, **options: object) -> Job:
    path = folder / "train.py"
    path.write_text(source)
    return Job(str(path), folder=str(folder), home=str(folder), **options)  # type: ignore[arg-type]


def test_evaluations_are_heard_while_a_job_runs(pool: Pool, tmp_path: Path) -> None:
    heard: list[tuple[int, str, float]] = []
    number = pool.start(_job(tmp_path, TRAINS, follow=True))
    ended = pool.follow(lambda at, point: heard.append((at, point[0], point[1])))
    assert ended is not None
    assert ended[0] == number
    (curve,) = ended[1].curves.items()
    assert heard == [(number, curve[0], loss) for _, loss, _, _ in curve[1]]
    assert len(heard) == 3


def test_a_job_that_is_stopped_is_not_heard_of_again(pool: Pool, tmp_path: Path) -> None:
    endless = TRAINS.replace("range(3)", "range(10**9)")
    number = pool.start(_job(tmp_path, endless, follow=True))
    pids: list[int | None] = []

    def hear(at: int, point: object) -> None:
        pids.append(pool._running[at].pid)
        pool.stop(at)

    assert pool.follow(hear) is None
    assert len(pids) == 1
    assert pool.free == 2
    # The next one's answer comes after the killed one's end.
    assert pool.start(_job(tmp_path, TRAINS)) == number + 1
    assert pool.wait(60)[1].status == 0
    assert not Path(f"/proc/{pids[0]}").exists()


def test_nothing_is_waited_for_longer_than_was_said(pool: Pool, tmp_path: Path) -> None:
    endless = TRAINS.replace("range(3)", "range(10**9)")
    number = pool.start(_job(tmp_path, endless))
    assert pool.follow(until=0.1) is None
    pool.stop(number)


def test_a_pool_whose_process_was_killed_says_so(tmp_path: Path) -> None:
    with Pool(1) as lost:
        os.kill(lost._server.pid, signal.SIGKILL)
        with pytest.raises(PoolDiedError, match="the process for trials has died"):
            for _ in range(2):
                lost.start(_job(tmp_path, TRAINS))
                lost.wait(60)


def test_a_function_runs_in_forks_of_this_process() -> None:
    here = os.getpid()

    def work(job: Job, output: str) -> Outcome:
        return Outcome(
            0, output=f"{job.settings['x']} {os.getppid() != here} {os.getpid() != here}"
        )

    with Pool(2, work=work) as forks:
        numbers = [forks.start(Job("f", settings={"x": x})) for x in (1, 2)]
        outcomes = dict(forks.wait(60) for _ in numbers)
    assert [outcomes[n].output for n in numbers] == ["1 True True", "2 True True"]


def test_cores_are_counted_as_a_container_or_a_user_limits_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    # joblib asks the affinity, the cgroup and this variable, and needs none of them (macOS).
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores() == 1
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cores() >= 1
