"""What an exception of PyTorch is about, read off its message."""

from __future__ import annotations

__all__ = ["Trouble", "asked_bytes", "free_device_bytes", "gist", "trouble"]

import re
from typing import Literal, TypeAlias

Trouble: TypeAlias = Literal["memory", "device", "dtype", "shape", "index", "graph"]

_MEMORY = (
    r"CUDA out of memory",
    r"(?:HIP|XPU|MPS backend) out of memory",
    r"DefaultCPUAllocator: can't allocate memory",
    r"DefaultCPUAllocator: not enough memory",
    r"Unable to allocate [\d.]+ \w+ for an array",
    r"Storage size calculation overflowed",
    r"CUDA error: out of memory",
)

_DEVICE = (
    r"[Ee]xpected all tensors to be on the same device",
    r"Tensor on device \S+ is not on the expected device",
    r"tensors are not at the same device",
    r"Input type \(torch\.cuda\.\w+\) and \w+ type \(torch\.(?!cuda)\w+\) should be the same",
    r"Input type \(torch\.(?!cuda)\w+\) and \w+ type \(torch\.cuda\.\w+\) should be the same",
    r"Expected object of (?:device|backend) type \w+ but got (?:device|backend) type",
    r"can't convert \S+ device type tensor to numpy",
    r"indices should be either on \S+ or on the same device",
    r"Cannot copy out of meta tensor",
    r"cannot be called on meta tensors",
    r"must have its parameters and buffers on device \S+ \(device_ids\[0\]\) but found",
)

_DTYPE = (
    r"must have the same dtype",
    r"to have the same dtype, but got",
    r"expected target dtype to be",
    r"expected scalar type \w+ but (?:found|got)",
    r"Expected object of scalar type",
    r"Found dtype \w+ but expected",
    r"result type \w+ can't be cast to the desired output type",
    r"Input type \([\w. ]+\) and \w+ type \([\w. ]+\) should be the same",
    r"to have one of the following scalar types",
    r"input dtype \(\S+\) does not match weight dtype",
    r"Expected dtype \S+ for index",
    r"Expected self\.dtype to be equal to src\.dtype",
    r"could not infer output dtype",
    r'^"\w+" not implemented for \'\w+\'',
    r"Only Tensors of floating point and complex dtype can require gradients",
    r"Index put requires the source and destination dtypes match",
    r"tensors used as indices must be long",
    r"value cannot be converted to type \w+ without overflow",
)

_SHAPE = (
    r"shapes cannot be multiplied",
    r"[Ss]izes? of tensors? .*must match",
    r"The expanded size of the tensor",
    r"doesn't match the broadcast shape",
    r"is invalid for input of size",
    r"view size is not compatible",
    r"to have \d+ channels, but got",
    r"Expected size for first two dimensions of batch2",
    r"size mismatch, got",
    r"size mismatch for \S+: copying a param",
    r"inconsistent tensor size",
    r"^\w+ must be a matrix",
    r"Kernel size can't be greater than actual input size",
    r"Output size is too small",
    r"Expected \d+D \(unbatched\) or \d+D \(batched\) input",
    r"[Ee]xpected (?:input to be )?\dD(?: or \dD)?(?: input)?,? \(?got \dD",
    r"non-empty \dD or \dD \(batch mode\) tensor expected",
    r"must have same number of dimensions",
    r"stack expects each tensor to be equal size",
    r"to match target batch_size",
    r"multi-target not supported",
    r"[Uu]sing a target size \(.*different to the input size",
    r"Target size \(.*must be the same as input size",
    r"must be equal to input_size",
    r"Expected hidden\S* size",
    r"running_mean should contain \d+ elements",
    r"Given normalized_shape=",
    r"vector of size equal to the number of channels",
    r"was expecting embedding dimension of",
    r"shape of the mask .* does not match",
    r"Size does not match at dimension",
    r"does not broadcast with previously seen size",
    r"contracted dimensions need to match",
    r"shape mismatch: indexing tensors could not be broadcast",
    r"shape mismatch: value tensor of shape",
    r"Mismatch in shape: ",
    r"Expected target size",
    r"Expected tensor to have size \d+ at dimension",
    r"does not match the length of the desired ordering of dimensions",
    r"Dimension out of range \(expected to be in range of",
    r"[Dd]imension to be divisible by",
    r"returned an invalid gradient at index \d+ - got \[.*expected shape compatible",
)

_INDEX = (
    r"index out of range in self",
    r"Target -?\d+ is out of bounds",
    r"index -?\d+ is out of bounds",
    r"index \S+ is out of range",
    r"Class values must be smaller than num_classes",
    r"Class values must be non-negative",
    r"device-side assert triggered",
    r"out-of-bounds access|index out of bounds",
)

_GRAPH = (
    r"backward through the graph a second time",
    r"does not require grad and does not have a grad_fn",
)

_PATTERNS: dict[Trouble, tuple[str, ...]] = {
    "memory": _MEMORY,
    "device": _DEVICE,
    "dtype": _DTYPE,
    "shape": _SHAPE,
    "index": _INDEX,
    "graph": _GRAPH,
}
"""In the order in which they are tried: a message about devices may name types too."""

_ALL = [(name, re.compile("|".join(each), re.MULTILINE)) for name, each in _PATTERNS.items()]

_UNITS = {
    "bytes": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "PiB": 2**50,
    "EiB": 2**60,
}
_SIZE = r"(?P<size>[\d.]+) (?P<unit>bytes|[KMGTPE]iB)"
_ASKED = re.compile(rf"(?:[Tt]ried to allocate|Unable to allocate) {_SIZE}")
_FREE = re.compile(rf"{_SIZE} (?:is )?free")


def trouble(kind: str, message: str) -> Trouble | None:
    """What an exception is about; None for everything else.

    Args:
        kind: the name of its class, with or without its module.
        message: its text. One that a data loader's worker, or a wrapper, has put into a text of
            its own is found in there.
    """
    if kind.rpartition(".")[2] in ("MemoryError", "OutOfMemoryError", "_ArrayMemoryError"):
        return "memory"
    return next((name for name, pattern in _ALL if pattern.search(message)), None)


def gist(message: str) -> str:
    """The line of a message that tells the trouble, without full stop, for a message of ours."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = [s for s in lines if any(pattern.search(s) for _, pattern in _ALL)]
    line = (telling or lines or ["no message"])[0]
    return re.sub(r"^\w+(?:Error|Exception): ", "", line).rstrip(".! ")


def asked_bytes(message: str) -> int | None:
    """How many bytes could not be had, as far as the message says."""
    return _bytes(_ASKED.search(message))


def free_device_bytes(message: str) -> int | None:
    """How many bytes the device had left, as far as the message says."""
    return _bytes(_FREE.search(message))


def _bytes(match: re.Match[str] | None) -> int | None:
    return None if match is None else int(float(match["size"]) * _UNITS[match["unit"]])
