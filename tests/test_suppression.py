"""`# trainwell: ignore` on a line of source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.suppression import Comment, read_comment, without_comment


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("x = 1  # trainwell: ignore", None),
        ("x = 1  # trainwell:ignore", None),
        ("x = 1  #trainwell: IGNORE", None),
        ("x = 1  # trainwell: ignore[ACT101]", ("ACT101",)),
        ("x = 1  # trainwell: ignore [ACT101]", ("ACT101",)),
        ("x = 1  # trainwell: ignore[ACT101, dying-relu ,GRD]", ("ACT101", "dying-relu", "GRD")),
        ("x = 1  # noqa: E501  # trainwell: ignore[ACT101]  # type: ignore[x]", ("ACT101",)),
        ("x = 1  # see below; trainwell: ignore[ACT101]", ("ACT101",)),
        ("x = '#'  # trainwell: ignore[ACT101]", ("ACT101",)),
        ("f(\"it's\", '\"')  # trainwell: ignore[ACT101]", ("ACT101",)),
        ("and the string ends here''')  # trainwell: ignore[ACT101]", ("ACT101",)),
        ("# trainwell: ignore[ACT101]", ("ACT101",)),
    ],
)
def test_comments_that_ask_for_something(line: str, names: tuple[str, ...] | None) -> None:
    comment = read_comment(line)
    assert comment is not None
    assert (comment.names, comment.problem) == (names, None)


@pytest.mark.parametrize(
    "line",
    [
        None,
        "",
        "x = 1",
        "x = 1  # type: ignore[ACT101]",
        "x = '# trainwell: ignore'",
        'print("# trainwell: ignore[ACT101]")',
        "x = 1  # trainwell: ignored",
        "x = 1  # trainwell: ignore-all",
        "x = 1  # trainwell is good",
        "trainwell.ignore(x)",
    ],
)
def test_lines_that_ask_for_nothing(line: str | None) -> None:
    assert read_comment(line) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x = 1  # trainwell: ignore[]", "names no finding: write `ignore[CODE]`"),
        ("x = 1  # trainwell: ignore[ , ]", "names no finding"),
        ("x = 1  # trainwell: ignore[ACT101", "lacks its closing bracket"),
        ("x = 1  # trainwell: ignore ACT101", "names a finding without brackets"),
        ("x = 1  # trainwell: ignore dying-relu", "names a finding without brackets"),
        ("x = 1  # trainwell: ignore overfitting, it is a toy", "names a finding without"),
        ("x = 1  # trainwell: ignore(ACT101)", "names a finding without brackets"),
        ("x = 1  # trainwell: ignore=ACT101", "names a finding without brackets"),
        ("x = 1  # trainwell: ignore: ACT101, ACT102", "names a finding without brackets"),
    ],
)
def test_a_comment_that_is_not_understood_hides_nothing(line: str, problem: str) -> None:
    comment = read_comment(line)
    assert comment is not None
    assert comment.names == ()
    assert (comment.problem or "").startswith(problem)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # trainwell: ignore[ACT101] sparse on purpose",
        "x = 1  # trainwell: ignore[ACT101] - sparse on purpose # noqa",
        "x = 1  # trainwell: ignore[ACT101]: sparse on purpose",
        "x = 1  # trainwell: ignore sparse on purpose",
    ],
)
def test_a_reason_is_kept(line: str) -> None:
    comment = read_comment(line)
    assert comment is not None
    assert comment.reason == "sparse on purpose"


def test_a_line_without_its_comment() -> None:
    assert without_comment("  x = f('#', 1)  # trainwell: ignore # noqa") == "x = f('#', 1)"
    assert without_comment("# all of it") == ""


CODE = st.text(st.characters(exclude_characters="#'\"\\\n\r"), max_size=20)


@given(CODE, CODE)
def test_it_is_read_behind_any_code(before: str, quoted: str) -> None:
    line = f"{before}'{quoted}#' # trainwell: ignore[ACT101]"
    assert read_comment(line) == Comment(("ACT101",))
    assert without_comment(line) == f"{before}'{quoted}#'".strip()


@given(st.text())
def test_no_line_is_too_odd_to_be_read(line: str) -> None:
    comment = read_comment(f"{line}trainwell")
    assert comment is None or isinstance(comment, Comment)
