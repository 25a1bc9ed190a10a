"""A set of patches changes only what it is told to, and gives back only what is still its own."""

from __future__ import annotations

import functools
import inspect
import itertools
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.errors import BadInputError
from trainwell.hooks import patch_set
from trainwell.hooks.frames import is_own
from trainwell.hooks.patch_set import PatchSet, is_dead_wrapper

_SOURCE = '''
import warnings

def shout(word: str, times: int = 1, *, mark: str = "!") -> str:
    """Shout a word."""
    return word * times + mark

def whisper(word):
    return word.lower()

def complain():
    warnings.warn("something is odd", stacklevel=2)

LIMIT = 3
'''


class Base:
    """Has methods that its subclass inherits."""

    def size(self) -> int:
        """How large it is."""
        return 1


class Derived(Base):
    """Has no attribute of its own."""


@pytest.fixture
def library() -> Iterator[ModuleType]:
    """A module that can be imported, with functions to replace."""
    module = ModuleType("library_of_the_tests")
    exec(compile(_SOURCE, "library_of_the_tests.py", "exec"), vars(module))
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def opened() -> Iterator[Callable[[str], PatchSet]]:
    """Opens patch sets, and closes those that a test has left open."""
    made: list[PatchSet] = []

    def make(owner: str) -> PatchSet:
        made.append(PatchSet(owner))
        return made[-1]

    yield make
    for patches in reversed(made):
        patches.restore()
    assert not {each.owner for each in made} & set(patch_set._open)


Opened = Callable[[str], PatchSet]


def _counting(calls: list[str], name: str) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        return wrapper

    return make


def test_a_function_is_replaced_and_restored(library: Any, opened: Opened) -> None:
    original, calls = library.shout, []
    patches = opened("a test")
    wrapper = patches.replace(library, "shout", _counting(calls, "ours"))
    assert library.shout is wrapper is not original
    assert library.shout("a", 2, mark="?") == "aa?"
    assert calls == ["ours"]
    patches.restore()
    assert library.shout is original
    patches.restore()
    assert library.shout is original


def test_a_value_is_replaced_and_restored(library: Any, opened: Opened) -> None:
    patches = opened("a test")
    patches.replace_value(library, "LIMIT", 7)
    assert library.LIMIT == 7
    patches.restore()
    assert library.LIMIT == 3


def test_what_somebody_else_has_replaced_since_stays(library: Any, opened: Opened) -> None:
    calls: list[str] = []
    patches = opened("a test")
    patches.replace(library, "shout", _counting(calls, "ours"))
    theirs = library.shout = _counting(calls, "theirs")(library.shout)
    patches.restore()
    assert library.shout is theirs
    assert library.shout("a") == "a!"
    assert calls[0] == "theirs"


def test_what_somebody_else_has_deleted_or_overwritten_stays_so(
    library: Any, opened: Opened
) -> None:
    patches = opened("a test")
    patches.replace(library, "shout", lambda original: lambda *a: original(*a))
    patches.replace_value(library, "LIMIT", 7)
    del library.shout
    library.LIMIT = 8
    patches.restore()
    assert not hasattr(library, "shout")
    assert library.LIMIT == 8


def test_an_inherited_attribute_is_deleted_again(opened: Opened) -> None:
    patches = opened("a test")
    patches.replace(Derived, "size", lambda original: lambda self: original(self) + 1)
    assert (Derived().size(), Base().size()) == (2, 1)
    patches.restore()
    assert "size" not in vars(Derived)
    assert Derived.size is Base.size


def test_a_patch_of_the_base_shows_through_after_an_inherited_one(opened: Opened) -> None:
    patches = opened("a test")
    original = Base.size
    patches.replace(Derived, "size", lambda original: lambda self: original(self) + 1)
    Base.size = lambda self: 10  # type: ignore[method-assign]
    try:
        patches.restore()
        assert Derived().size() == 10
    finally:
        Base.size = original  # type: ignore[method-assign]


def test_one_attribute_alone_is_restored(library: Any, opened: Opened) -> None:
    shout, whisper = library.shout, library.whisper
    patches = opened("a test")
    calls: list[str] = []
    patches.replace(library, "shout", _counting(calls, "shout"))
    wrapper = patches.replace(library, "whisper", _counting(calls, "whisper"))
    patches.restore(library, "shout")
    assert (library.shout, library.whisper) == (shout, wrapper)
    with pytest.raises(BadInputError):
        PatchSet("a test")
    patches.restore()
    assert library.whisper is whisper


def test_a_second_set_of_one_owner_is_refused(opened: Opened) -> None:
    first = opened("watching twice")
    with pytest.raises(BadInputError, match="`watching twice` has replaced PyTorch's functions"):
        PatchSet("watching twice")
    with pytest.raises(BadInputError, match="leave the first one"):
        PatchSet("watching twice", "leave the first one")
    opened("somebody else")
    first.restore()
    opened("watching twice")


def test_a_set_that_was_closed_does_not_close_its_successor(opened: Opened) -> None:
    first = opened("a test")
    first.restore()
    opened("a test")
    first.restore()
    with pytest.raises(BadInputError):
        PatchSet("a test")


def test_an_error_while_a_wrapper_is_made_changes_nothing(library: Any, opened: Opened) -> None:
    before = dict(vars(library))
    patches = opened("a test")

    def broken(original: Any) -> Any:
        raise KeyError("cannot be made")

    with pytest.raises(KeyError, match="cannot be made"):
        patches.replace(library, "shout", broken)
    with pytest.raises(AttributeError):
        patches.replace(library, "no_such_function", lambda original: original)
    with pytest.raises(TypeError):
        patches.replace(dict, "get", lambda original: lambda *args: original(*args))
    assert dict(vars(library)) == before
    patches.replace(library, "whisper", lambda original: lambda word: original(word))
    patches.restore()
    assert dict(vars(library)) == before


def test_a_dead_wrapper_that_comes_to_light_is_skipped(library: Any, opened: Opened) -> None:
    original, calls = library.shout, []
    first = opened("a test")
    dead = first.replace(library, "shout", _counting(calls, "first"))
    library.shout = functools.wraps(dead)(lambda *args: dead(*args))
    first.restore()
    library.shout = dead  # somebody else takes the patch away that lay over ours
    assert is_dead_wrapper(library.shout)
    second = opened("a test")
    wrapper = second.replace(library, "shout", _counting(calls, "second"))
    assert wrapper.__wrapped__ is original
    library.shout("a")
    assert calls == ["second"]
    second.restore()
    assert library.shout is original


def test_many_dead_wrappers_do_not_pile_up(library: Any, opened: Opened) -> None:
    original, calls = library.shout, []
    for _ in range(5):
        patches = opened("a test")
        dead = patches.replace(library, "shout", _counting(calls, "dead"))
        assert dead.__wrapped__ is original
        library.shout = lambda *args: None
        patches.restore()
        library.shout = dead
    patches = opened("a test")
    patches.replace(library, "shout", _counting(calls, "alive"))
    library.shout("a")
    assert calls == ["alive"]
    patches.restore()
    assert library.shout is original


def test_a_wrapper_of_somebody_elses_that_copies_our_mark_is_not_dead(
    library: Any, opened: Opened
) -> None:
    patches = opened("a test")
    ours = patches.replace(library, "shout", lambda original: lambda *args: original(*args))
    theirs = functools.wraps(ours)(lambda *args: "theirs")
    assert not is_dead_wrapper(ours)
    library.shout = theirs
    patches.restore()
    assert is_dead_wrapper(ours)
    assert not is_dead_wrapper(theirs)
    again = opened("a test")
    again.replace(library, "shout", lambda original: lambda *args: original(*args))
    assert library.shout("a") == "theirs"
    again.restore()
    assert library.shout is theirs


@pytest.mark.parametrize("ending", list(itertools.permutations(("first", "second"))))
def test_two_sets_may_be_removed_in_any_order(
    library: Any, opened: Opened, ending: tuple[str, str]
) -> None:
    original, calls = library.shout, []
    sets = {"first": opened("first"), "second": opened("second")}
    for name, patches in sets.items():
        patches.replace(library, "shout", _counting(calls, name))
    library.shout("a")
    assert calls == ["second", "first"]
    sets[ending[0]].restore()
    assert library.shout("a") == "a!"
    assert ending[1] in calls[2:]
    sets[ending[1]].restore()
    assert library.shout is original


@given(st.lists(st.integers(0, 2), min_size=1, max_size=6), st.permutations(range(3)))
def test_any_number_of_patches_by_three_sets_leaves_the_original(
    turns: list[int], ending: list[int]
) -> None:
    module: Any = ModuleType("library")
    exec(_SOURCE, vars(module))
    before = dict(vars(module))
    sets = [PatchSet(f"law {number}") for number in range(3)]
    try:
        for turn in turns:
            for owner, name in ((module, "shout"), (Derived, "size")):
                sets[turn].replace(owner, name, lambda original: lambda *args: original(*args))
        assert Derived().size() == 1
    finally:
        for number in ending:
            sets[number].restore()
    left = "size" in vars(Derived)
    if left:
        del Derived.size
    assert not left
    assert {n: v for n, v in vars(module).items() if v is not before[n]} == {}


def test_an_inherited_attribute_is_deleted_where_a_dead_wrapper_came_to_light(
    opened: Opened,
) -> None:
    first = opened("a test")
    dead = first.replace(Derived, "size", lambda original: lambda self: original(self))
    Derived.size = lambda self: 2  # type: ignore[method-assign]
    first.restore()
    Derived.size = dead  # type: ignore[method-assign]
    second = opened("a test")
    second.replace(Derived, "size", lambda original: lambda self: original(self))
    second.restore()
    assert "size" not in vars(Derived)


def test_name_signature_and_documentation_are_kept(library: Any, opened: Opened) -> None:
    original = library.shout
    patches = opened("a test")
    wrapper = patches.replace(library, "shout", _counting([], ""))
    assert inspect.signature(wrapper) == inspect.signature(original)
    assert wrapper.__wrapped__ is original
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(wrapper, attribute) == getattr(original, attribute)
    assert inspect.getdoc(Derived.size) == "How large it is."
    patches.replace(Derived, "size", _counting([], ""))
    assert inspect.getdoc(Derived.size) == "How large it is."


def test_a_warning_names_the_line_that_called(library: Any, opened: Opened) -> None:
    patches = opened("a test")
    patches.replace(library, "complain", _counting([], ""))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
        library.complain()
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


def test_a_frame_of_a_wrapper_is_told_as_our_own(library: Any, opened: Opened) -> None:
    patches = opened("a test")
    patches.replace(library, "shout", _counting([], ""))
    with pytest.raises(TypeError) as caught:
        library.shout()
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.tb)]
    assert [is_own(file) for file in files] == [False, True]


def test_a_replaced_function_can_be_pickled(library: Any, opened: Opened) -> None:
    original = library.shout
    patches = opened("a test")
    wrapper = patches.replace(library, "shout", _counting([], ""))
    held = functools.partial(library.shout, "a", mark="?")
    data = pickle.dumps((library.shout, held))
    assert pickle.loads(data)[0] is wrapper
    assert pickle.loads(data)[1](2) == "aa?"
    patches.restore()
    assert pickle.loads(data)[0] is original
