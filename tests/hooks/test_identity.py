"""A map by identity: dead keys vanish, and no method of a key is ever called."""

from __future__ import annotations

import gc
import weakref
from typing import Any, NoReturn

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainwell.hooks.identity import IdentityMap


class Hostile:
    """Refuses to be compared, hashed or judged."""

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("`__eq__` is called")

    def __hash__(self) -> NoReturn:
        raise AssertionError("`__hash__` is called")

    def __bool__(self) -> NoReturn:
        raise AssertionError("`__bool__` is called")

    def __len__(self) -> NoReturn:
        raise AssertionError("`__len__` is called")


class Alike:
    """Is equal to every other one."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


KINDS = st.sampled_from((Hostile, Alike))
ACTIONS = st.lists(
    st.tuples(st.sampled_from(("set", "setdefault", "drop", "clear")), st.integers(0, 5)),
    max_size=30,
)


@given(KINDS, ACTIONS)
def test_it_agrees_with_a_list_of_pairs(kind: type, actions: list[tuple[str, int]]) -> None:
    found: IdentityMap[Any, int] = IdentityMap()
    keys: list[Any] = [kind() for _ in range(6)]
    expected: dict[int, int] = {}
    for number, (action, slot) in enumerate(actions):
        if action == "set":
            expected[slot] = number
            found.set(keys[slot], number)
        elif action == "setdefault":
            wanted = expected.setdefault(slot, number)
            assert found.setdefault(keys[slot], lambda number=number: number) == wanted
        elif action == "drop":
            # The next one may lie at the very address of the one that dies.
            expected.pop(slot, None)
            keys[slot] = None
            keys[slot] = kind()
        else:
            expected.clear()
            found.clear()
        assert [found.get(key) for key in keys] == [expected.get(s) for s in range(6)]
        assert [key in found for key in keys] == [s in expected for s in range(6)]
        assert len(found) == len(expected)
    slots = {id(key): slot for slot, key in enumerate(keys)}
    assert {slots[id(key)]: value for key, value in found.items()} == expected
    assert sorted(found.values()) == sorted(expected.values())


@given(st.lists(st.booleans(), max_size=20))
def test_dead_keys_vanish(living: list[bool]) -> None:
    found: IdentityMap[Alike, int] = IdentityMap()
    keys = [Alike() for _ in living]
    for number, key in enumerate(keys):
        found.set(key, number)
    kept = [key for key, lives in zip(keys, living, strict=True) if lives]
    keys.clear()
    if living:
        del key
    assert len(found) == sum(living)
    assert [value for _, value in found.items()] == [n for n, lives in enumerate(living) if lives]
    assert [key for key, _ in found.items()] == kept


def test_an_address_that_is_used_again_is_another_key() -> None:
    found: IdentityMap[Alike, int] = IdentityMap()
    reused = 0
    for _ in range(100):
        old = Alike()
        address = id(old)
        found.set(old, 1)
        del old
        new = Alike()
        reused += id(new) == address
        assert new not in found
        assert found.get(new) is None
        del new
    assert reused > 0, "no address was used again: the test shows nothing"


def test_a_late_farewell_does_not_take_the_successor_along() -> None:
    found: IdentityMap[Alike, int] = IdentityMap()
    key = Alike()
    found.set(key, 1)
    reference, _ = found._entries[id(key)]
    found.set(key, 2)
    assert reference.__callback__ is not None
    reference.__callback__(reference)  # as the collector calls it, too late
    assert found.get(key) == 2


def test_an_entry_whose_key_died_unnoticed_is_nobody_elses() -> None:
    found: IdentityMap[Alike, int] = IdentityMap()
    old, new = Alike(), Alike()
    found._entries[id(new)] = (weakref.ref(old), 1)
    assert new not in found
    assert found.get(new) is None
    assert found.setdefault(new, lambda: 2) == 2


def test_keys_in_a_cycle_vanish_with_it() -> None:
    found: IdentityMap[Any, int] = IdentityMap()
    key = Hostile()
    key.itself = key  # type: ignore[attr-defined]
    found.set(key, 1)
    del key
    gc.collect()
    assert len(found) == 0


def test_a_tensor_is_a_key_and_its_value_may_be_false() -> None:
    found: IdentityMap[torch.Tensor, int] = IdentityMap()
    one, same = torch.zeros(2), torch.zeros(2)
    found.set(one, 0)
    assert (one in found, same in found) == (True, False)
    assert found.setdefault(one, lambda: 5) == 0


def test_what_cannot_be_referenced_weakly_is_refused() -> None:
    found: IdentityMap[Any, int] = IdentityMap()
    with pytest.raises(TypeError, match="weak reference"):
        found.set(3, 1)
    assert 3 not in found
    assert found.get("text") is None
