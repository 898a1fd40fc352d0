"""Clusters are answered in processes of their own, and answers are kept.

What is hidden of a cluster follows from its numbers alone: an answer is asked for again
by a digest of them and of the code that chooses, wherever the rows stand.
"""

import hashlib
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from common_metrics.disclosure.numbers import System
from common_metrics.disclosure.protection import protect_cluster

PROCESSES = len(os.sched_getaffinity(0))
# Fewer columns are done before a process has started.
LARGE = 2_000


def answered(parts: list[System], folder: Path | None) -> list[np.ndarray]:
    """Return what is hidden of each part, from the folder where it is known."""
    digests = [_digest(part) for part in parts]
    of_digest = dict(zip(digests, parts, strict=True))
    read = {d: _read(folder, d, len(part.link)) for d, part in of_digest.items()}
    found = {d: answer for d, answer in read.items() if answer is not None}
    found |= _chosen({d: part for d, part in of_digest.items() if d not in found})
    if folder:
        _write(folder, found)
    return [found[digest] for digest in digests]


def _chosen(parts: dict[str, System]) -> dict[str, np.ndarray]:
    """Return what is hidden: large clusters each in a process, the small ones here."""
    sizes = {digest: len(part.link) for digest, part in parts.items()}
    large = [
        digest
        for digest in sorted(sizes, key=lambda d: sizes[d])
        if sizes[digest] > LARGE
    ]
    with ThreadPoolExecutor(PROCESSES) as pool:
        # The longest first.
        apart = {d: pool.submit(_apart, parts[d]) for d in reversed(large)}
        found = {d: _here(part) for d, part in parts.items() if d not in apart}
        return found | {digest: answer.result() for digest, answer in apart.items()}


def _here(part: System) -> np.ndarray:
    protect_cluster(part)
    return part.is_hidden


def _apart(part: System) -> np.ndarray:
    done = subprocess.run(
        [sys.executable, "-m", "common_metrics.disclosure.kept"],
        input=pickle.dumps(part),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            "int_suppressed_cells: expected an answer for each cluster. Found: a "
            f"process that ended with {done.returncode}. Nothing was published; what "
            "it says stands above; run the build again."
        )
    return np.frombuffer(done.stdout, bool)


def _digest(part: System) -> str:
    digest = hashlib.sha256(_code())
    matrix = part.matrix
    others = [getattr(part, field.name) for field in fields(part)[1:]]
    for array in [matrix.data, matrix.indices, matrix.indptr, *others]:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@cache
def _code() -> bytes:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join([file.read_bytes() for file in files]) + version("highspy").encode()


def _read(folder: Path | None, digest: str, size: int) -> np.ndarray | None:
    if not folder or not (folder / digest).is_file():
        return None
    found = np.fromfile(folder / digest, bool)
    return found if len(found) == size else None


def _write(folder: Path, found: dict[str, np.ndarray]) -> None:
    """Keep these answers and no others: each stands in its file when it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for digest, is_hidden in found.items():
        part = folder / f"{digest}.part"
        is_hidden.tofile(part)
        part.replace(folder / digest)
    for file in folder.iterdir():
        if file.name not in found:
            file.unlink()


if __name__ == "__main__":
    # HiGHS greets on standard output, which is for the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer.write(_here(pickle.load(sys.stdin.buffer)).tobytes())
