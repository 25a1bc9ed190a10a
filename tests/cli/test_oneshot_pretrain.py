"""`trainwell oneshot pretrain`: what it writes, prints, and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.oneshot.drawings import drawings, folder_of

from trainwell.oneshot import load_embedder

QUICK = ("--steps", "6", "--size", "12", "--widths", "4,8", "--batch", "16")


@pytest.fixture
def letters(folder: Path) -> Path:
    return folder_of(*drawings(labels=6, each=3), folder / "letters")


def test_a_folder_becomes_an_embedder(letters: Path, call: Command) -> None:
    ended = call("oneshot", "pretrain", "letters", "-o", "e", "--hold-out", "0.4", *QUICK)
    assert (ended.status, ended.err) == (0, "")
    first, second, *_ = ended.out.splitlines()
    assert first.startswith("e: vectors of 128 numbers, ")
    assert first.endswith(" CPU seconds")
    assert second.startswith("labels held out: ")
    assert second.endswith("% told rightly from one example each")
    assert load_embedder("e").embed([letters / "letter00" / "000.png"]).shape == (1, 128)


def test_quiet_says_nothing_and_a_checkpoint_is_kept(letters: Path, call: Command) -> None:
    words = ("oneshot", "pretrain", "letters", "-o", "e", "--quiet", "--checkpoint", "c", *QUICK)
    assert call(*words, "--hold-out", "letter00", "--hold-out", "letter01").out == ""
    assert Path("c").exists()
    ended = call(*words, "--hold-out", "0")
    assert ended.status == 2
    assert ended.err.startswith("trainwell: `c` is the checkpoint of another pretraining, with")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("none", "-o", "e"), "`none` does not exist: a folder of folders of pictures is needed"),
        (("letters",), "missing option '-o'"),
        (("letters", "-o", "no/e"), "`no/e` cannot be written: its folder does not exist"),
        (("letters", "-o", "letters"), "`letters` is a folder of other things: name another"),
        (("letters", "-o", "train.py"), "`train.py` is no folder: `-o` names one"),
        (("letters", "-o", "e", "--widths", "4;8"), "`--widths` must be whole numbers with commas"),
        (("letters", "-o", "e", "--hold-out", "Korean"), "`held_out` names `Korean`, and no label"),
        (("letters", "-o", "e", "--ink", "drak"), "unknown ink `drak`; did you mean `dark`?"),
        (("letters", "-o", "e", "--objective", "all"), "unknown objective `all`"),
        (("broken", "-o", "e"), "`broken/b/1.png` is no picture that can be read"),
        (("lonely", "-o", "e"), "`lonely` has 1 label, `a`: pretraining needs at least 2"),
    ],
)
def test_misuse_is_one_line(
    words: tuple[str, ...], text: str, letters: Path, call: Command, folder: Path
) -> None:
    pictures, _ = drawings(labels=1, each=4)
    folder_of(pictures, ["a", "a", "b", "b"], folder / "broken")
    (folder / "broken" / "b" / "1.png").write_text("no picture")
    folder_of(pictures, ["a"] * 4, folder / "lonely")
    ended = call("oneshot", "pretrain", *words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"trainwell: {text}")
    assert ended.err.count("\n") == 1
    assert not (folder / "e").exists()


def test_the_help_fits_a_terminal(call: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = call("oneshot", "pretrain", "--help").out
    assert max(map(len, text.splitlines())) <= 80
    assert "trainwell oneshot pretrain letters -o lettering" in text
