"""What the remedies that change the optimizer's settings share."""

from __future__ import annotations

__all__ = ["scale_setting", "set_setting"]

from typing import Any

from trainwell.remedies.moments import Building


def scale_setting(building: Building, name: str, factor: float) -> int:
    """Multiply a number in the defaults and in every group that has its own.

    Returns:
        How many were changed.
    """
    return _change(building, name, lambda old: old * factor)


def set_setting(building: Building, name: str, value: Any) -> int:
    """Set a number in the defaults, and in every group that has its own.

    Returns:
        How many were changed; 0 where the optimizer has no such setting.
    """
    return _change(building, name, lambda _: value)


def _change(building: Building, name: str, change: Any) -> int:
    places = [p for p in (building.settings, *building.groups) if p.get(name) is not None]
    for place in places:
        place[name] = change(place[name])
    return len(places)
