"""Messages that a machine without a GPU cannot provoke, in the form in which users quote them.

Those that can be are in tests/probes/mismatches.py.
"""

from __future__ import annotations

import pytest

from trainwell.record.troubles import asked_bytes, free_device_bytes, gist, trouble

MIB, GIB = 2**20, 2**30

SAME = "should be the same"
TWO_DEVICES = (
    "Expected all tensors to be on the same device, but found at least two devices, cpu and "
    "cuda:0! (when checking argument for argument mat1 in method wrapper_CUDA_addmm)"
)
FULL = (
    "CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a total capacity of 23.65 GiB of "
    "which 11.50 MiB is free. Including non-PyTorch memory, this process has 23.60 GiB in use."
)
FULL_FORMERLY = (
    "CUDA out of memory. Tried to allocate 1.50 GiB (GPU 0; 6.00 GiB total capacity; 781.59 MiB "
    "already allocated; 512.00 MiB free; 1.24 GiB reserved in total by PyTorch)"
)
NOTHING_FREE = (
    "CUDA out of memory. Tried to allocate 27.00 GiB. GPU 0 has a total capacty of 11.99 GiB of "
    "which 0 bytes is free."
)
QUOTED = [
    (
        "device",
        TWO_DEVICES,
    ),
    ("device", "indices should be either on cpu or on the same device as the indexed tensor (cpu)"),
    ("device", "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) " + SAME),
    ("device", "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) " + SAME),
    ("dtype", "Input type (torch.cuda.FloatTensor) and bias type (torch.cuda.HalfTensor) " + SAME),
    ("dtype", "Input type (double) and bias type (float) " + SAME),
]


@pytest.mark.parametrize(("kind", "message"), QUOTED)
def test_quoted_messages_are_recognised(kind: str, message: str) -> None:
    assert trouble("RuntimeError", message) == kind


@pytest.mark.parametrize(
    ("message", "asked", "free"),
    [
        (FULL, 22 * MIB, int(11.5 * MIB)),
        (FULL_FORMERLY, int(1.5 * GIB), 512 * MIB),
        (NOTHING_FREE, 27 * GIB, 0),
        ("CUDA error: out of memory", None, None),
    ],
)
def test_amounts_are_read_off_a_message(message: str, asked: int | None, free: int | None) -> None:
    assert trouble("torch.OutOfMemoryError", message) == "memory"
    assert trouble("RuntimeError", message) == "memory"
    assert (asked_bytes(message), free_device_bytes(message)) == (asked, free)


def test_the_gist_is_the_line_that_tells_the_trouble() -> None:
    message = (
        "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback (most recent "
        'call last):\n  File "worker.py", line 374, in _worker_loop\n    data = fetch(index)\n'
        "RuntimeError: stack expects each tensor to be equal size, but got [3] at entry 0.\n"
    )
    assert gist(message) == "stack expects each tensor to be equal size, but got [3] at entry 0"


@pytest.mark.parametrize(("message", "text"), [("", "no message"), ("\n it broke!\n", "it broke")])
def test_the_gist_of_any_other_message_is_its_first_line(message: str, text: str) -> None:
    assert gist(message) == text
