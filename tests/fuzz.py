"""``make fuzz``: sample files with one thing wrong in each, and what becomes of them.

Every mutant comes under the name of a file that was received before, and is judged as a
run would judge it. The oracle: it is refused; or what is wrong is set aside, and the
rows that stay are rows of the sound file; or it is accepted and equals the sound file.
A mutant that is accepted with other rows is *misread* where a program could have seen
it, and *another value* where none could: 41 graduates for 40 are as plausible. A
traceback or a hang is neither.

Of workbooks bytes are mutated and no cells. ``KNOWN`` are misreads that stay, each with
the reason; any other ends the program with 1.
"""

import argparse
import hashlib
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from common_metrics import batching
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.reading import parsing, text

FIXTURES = Path(__file__).parent / "fixtures"
HANG = 60  # seconds
AT_LEAST = 80  # mutants of a file
DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
YEAR = r"^\W*(\d+\W)*20[0-2][1-9]\b[\W\d]*$"  # or a day; not one in a sentence
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")

# class, contract (with *), why no program sees it, or why it stays.
KNOWN: dict[tuple[str, str], str] = {
    ("cells moved left", "oneroster/users"): "of staff and parents, of whom no cell "
    "but the role is used and all others are hashed",
    ("cells moved left", "ct/college_entrance"): "in a file of one row: publishers "
    "leave a whole column empty, as four such files of the state show",
    ("cells moved left", "oneroster/enrollments"): "an end that is still to come is "
    "empty too",
    ("id without zeros", "nh/assessment"): "of a grade: 05 and 5 are both printed",
    ("rate above 100", "*/student_attendance"): "of days: 117.5 of 175 may be absent",
}


class Table(NamedTuple):
    """A text file as raw fields, which joined again are its bytes."""

    rows: list[list[str]]
    header: int  # which row names the columns; -1: the contract does
    delimiter: str

    def text(self) -> str:
        return "".join(
            self.delimiter.join(row[:-1]) + row[-1] for row in self.rows if row
        )

    @property
    def data(self) -> range:
        return range(self.header + 1, len(self.rows))


def table(contract: Contract, content: str) -> Table:
    """Return a file's raw fields; the line end is one of its own, the last."""
    mark = re.escape(contract.read.delimiter)
    outside = re.compile(mark + r'(?=(?:[^"]*"[^"]*")*[^"]*$)')
    rows = []
    for line in content.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        rows.append([*outside.split(body), line[len(body) :]])
    records = text.lines(contract, content)
    header = parsing.header_at(contract, records, None, records)
    return Table(rows, header, contract.read.delimiter)


def next_digit(cell: str) -> str:
    return re.sub(r"[1-9]", lambda m: str(int(m[0]) % 9 + 1), cell, count=1)


# Mutations: each changes a table at one place, or returns None where it has none.

Mutation = Callable[[Table, random.Random], bool | None]


def _cell(found: Table, dice: random.Random, like: str) -> tuple[int, int] | None:
    places = [
        (y, x)
        for y in found.data
        for x, cell in enumerate(found.rows[y][:-1])
        if re.search(like, cell)
    ]
    return dice.choice(places) if places else None


def cell(like: str, change: Callable[[str], str]) -> Mutation:
    """Return what changes one cell that is like a pattern."""

    def mutate(found: Table, dice: random.Random) -> bool | None:
        if not (at := _cell(found, dice, like)):
            return None
        y, x = at
        found.rows[y][x], before = change(found.rows[y][x]), found.rows[y][x]
        return found.rows[y][x] != before

    return mutate


def header(change: Callable[[str], str]) -> Mutation:
    """Return what changes one header."""

    def mutate(found: Table, dice: random.Random) -> bool | None:
        if found.header < 0:
            return None
        x = dice.randrange(len(found.rows[found.header]) - 1)
        row = found.rows[found.header]
        row[x], before = change(row[x]), row[x]
        return row[x] != before

    return mutate


def letter_twice(name: str) -> str:
    return re.sub(r"([A-Za-z])", r"\1\1", name, count=1)


def header_in_the_middle(found: Table, dice: random.Random) -> bool | None:
    if found.header < 0:
        return None
    at = dice.choice([*found.data])
    found.rows.insert(at, [*found.rows[found.header][:-1], found.rows[at][-1]])
    return True


def row_again(found: Table, dice: random.Random) -> bool | None:
    """Repeat a row with other capitals, and another number at its end."""
    y = dice.choice([*found.data])
    row = [c.swapcase() if c.isalpha() else c for c in found.rows[y][:-1]]
    numbers = [x for x, c in enumerate(row) if re.fullmatch(r"\d*[1-9]", c)]
    if not numbers:
        return None
    last = row[numbers[-1]]
    row[numbers[-1]] = last[:-1] + str(int(last[-1]) % 9 + 1)
    found.rows.insert(y + 1, [*row, found.rows[y][-1]])
    return True


def cells_left(found: Table, dice: random.Random) -> bool | None:
    """Move the cells of a row one to the left, from one on."""
    y = dice.choice([*found.data])
    row = found.rows[y]
    if len(row) < 4:
        return None
    x = dice.randrange(len(row) - 2)
    found.rows[y] = [*row[:x], *row[x + 1 : -1], "", row[-1]]
    return found.rows[y] != row


def cut_at_a_line(found: Table, dice: random.Random) -> bool | None:
    """Keep the beginning, less than half of the rows."""
    if len(found.data) < 3:
        return None
    del found.rows[found.header + 1 + dice.randint(1, (len(found.data) - 1) // 2) :]
    return True


def cut_in_a_line(found: Table, dice: random.Random) -> bool | None:
    y = dice.choice([*found.data])
    content = found._replace(rows=found.rows[: y + 1]).text().rstrip("\r\n")
    found.rows[:] = [[content[: -dice.randint(1, 5)], ""]]
    return True


def rows_swapped(found: Table, dice: random.Random) -> bool | None:
    if len(found.data) < 2:
        return None
    a, b = dice.sample([*found.data], 2)
    found.rows[a][:-1], found.rows[b][:-1] = found.rows[b][:-1], found.rows[a][:-1]
    return True


def row_gone(found: Table, dice: random.Random) -> bool | None:
    del found.rows[dice.choice([*found.data])]
    return True


def delimiters(found: Table, dice: random.Random) -> bool | None:
    found.rows[:] = [[";".join(row[:-1]), row[-1]] for row in found.rows]
    return len(found.rows[-1][0]) > 1


def quote(found: Table, dice: random.Random) -> bool | None:
    return cell(r"^\w", lambda c: f'"{c}')(found, dice)


def page(found: Table, dice: random.Random) -> bool | None:
    found.rows.insert(0, ["<!DOCTYPE html><html>", "\r\n"])
    return True


# What a program can see, or where what is accepted must equal the sound file.
SEEN: dict[str, Mutation] = {
    "letter twice in a header": header(letter_twice),
    "invisible sign in a header": header(lambda name: f"{name[:1]}\u200b{name[1:]}"),
    "header gone": header(lambda _: ""),
    "header in the middle": header_in_the_middle,
    "row again, other number": row_again,
    "cells moved left": cells_left,
    "cut at a line end": cut_at_a_line,
    "cut in a line": cut_in_a_line,
    "rows swapped": rows_swapped,
    "semicolons": delimiters,
    "open quote": quote,
    "page before it": page,
    "digits of another script": cell(r"^[\d.=\"]+$", lambda c: c.translate(DIGITS)),
    "wide digits": cell(r"^[\d.=\"]+$", lambda c: c.translate(WIDE)),
    "id without zeros": cell(
        r'^="?0\d+|^0\d+$', lambda c: re.sub(r"0+(?=\d)", "", c, count=1)
    ),
    "thousand times": cell(r"^\d+$", lambda c: f"{c}000000000"),
    "minus": cell(r"^[1-9][\d.]*$", lambda c: f"-{c}"),
    "exponent": cell(r"^\d+$", lambda c: f"{c}e3"),
    "a letter in a number": cell(r"^\d{2,}$", lambda c: f"{c[0]}O{c[2:]}"),
    "blanks around": cell(r"^\w", lambda c: f"  {c} "),
    "invisible sign": cell(r"^\d+(\.\d+)?$", lambda c: f"{c[:1]}\u200b{c[1:]}"),
    "no-break space": cell(r"^\d+(\.\d+)?$", lambda c: f"{c}\u00a0"),
    "NUL": cell(r"^\w", lambda c: f"{c[:1]}\x00{c[1:]}"),
    "year 1015": cell(YEAR, lambda c: re.sub(r"\b20(?=\d\d\b)", "10", c, count=1)),
    "year 9999": cell(YEAR, lambda c: re.sub(r"\b20\d\d\b", "9999", c, count=1)),
    "rate above 100": cell(r"^\d\d\.\d+$", lambda c: f"1{c}"),
}
# What no program can tell from another true file; only crashes count.
UNSEEN: dict[str, Mutation] = {
    "row gone": row_gone,
    "another digit": cell(r"[1-9]", next_digit),
    "cell gone": cell(r"\w", lambda _: ""),
    "a star": cell(r"^\d", lambda _: "*"),
    "another name": cell(r"[A-Za-z]{4}", lambda c: c[::-1]),
}


def of_bytes(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    """Return a workbook that was cut, or of which a byte is another one."""
    at = dice.randrange(len(content))
    if dice.random() < 0.3:
        return "bytes cut", content[:at]
    return "another byte", content[:at] + bytes([content[at] ^ 0x55]) + content[
        at + 1 :
    ]


# What becomes of them


class Mutant(NamedTuple):
    """A file with one thing wrong."""

    number: int
    what: str
    is_seen: bool
    content: bytes


class Judge:
    """A lake in which the sound file was received, for the mutants of it."""

    def __init__(self, contract: Contract, file: Path, folder: Path):
        self.contract, self.lake = contract, Lake(folder / "lake")
        patterns = [Path(p) for p in contract.landing.drop]
        fitting = [p for p in patterns if fnmatch(file.name, p.name)] or patterns
        self.drop = folder / "drop"
        self.name = fitting[0].with_name(file.name).as_posix()
        (self.drop / self.name).parent.mkdir(parents=True, exist_ok=True)
        (self.sound,) = self._receive([file.read_bytes()]).values()
        assert self.sound.status == "validated", self.sound.message
        self.rows = self._rows(self.sound)

    def _receive(self, contents: list[bytes]) -> dict[str, Delivery]:
        """Receive files, each under the name of the one before; judge them in one run.

        Returns what is recorded of each, by its digest.
        """
        waiting = iter(contents)

        def next_one() -> None:
            (self.drop / self.name).write_bytes(next(waiting, b""))

        next_one()
        batching.ON_READ[:] = [next_one]
        names, at = [self.name] * len(contents), self.lake.moment()
        found = batching.receive(self.contract, self.drop, names, self.lake, at)
        return {one.delivery.sha256: one.delivery for one in found}

    def _rows(self, delivery: Delivery) -> Counter[tuple[object, ...]]:
        """Return the validated rows, by their cells alone."""
        found = pq.read_table(self.lake.rows("validated", delivery)).to_pylist()
        cells = [*self.contract.columns, "_school_year"]
        return Counter(tuple(row[name] for name in cells) for row in found)

    def outcomes(self, few: list[Mutant]) -> list[str]:
        """Return what became of mutants that were judged in one run, and forget them.

        Where the code fails on one of them or takes too long, each is judged alone.
        """
        try:
            with _in_time(HANG + 10 * len(few)):
                judged = self._receive([mutant.content for mutant in few])
                return [self._outcome(mutant, judged) for mutant in few]
        except Exception as error:
            if len(few) == 1:
                late = isinstance(error, TimeoutError)
                return ["hang" if late else f"traceback {error!r}"]
        finally:
            self._forget()
        return [found for mutant in few for found in self.outcomes([mutant])]

    def _outcome(self, mutant: Mutant, judged: dict[str, Delivery]) -> str:
        delivery = judged[hashlib.sha256(mutant.content).hexdigest()]
        if delivery.sha256 == self.sound.sha256:
            return "same bytes"
        if delivery.status == "refused":
            return "refused"
        return self._compared(mutant, delivery)

    def _forget(self) -> None:
        for record in self.lake.recorded_of(self.contract.key):
            if record.sha256 != self.sound.sha256:
                for stage in ("validated", "quarantine"):
                    self.lake.rows(stage, record).unlink(missing_ok=True)
                self.lake._record(record.key, record.sha256).unlink()

    def _compared(self, mutant: Mutant, judged: Delivery) -> str:
        rows = self._rows(judged)
        others, lost = rows - self.rows, self.rows - rows
        if others or (lost and not judged.rows_quarantined):
            is_said = _warned(judged) > _warned(self.sound)
            return "misread" if mutant.is_seen and not is_said else "another value"
        return "quarantined" if judged.rows_quarantined else "equal"


def _warned(delivery: Delivery) -> int:
    found = re.search(r"(\d+) rows warned of", delivery.message)
    return int(found[1]) if found else 0


def mutants(
    contract: Contract, file: Path, numbers: list[int], seed: int
) -> Iterator[Mutant]:
    """Yield the mutants of a file; each follows from the seed and its number alone."""
    content = file.read_bytes()
    for number in numbers:
        dice = random.Random(f"{seed} {number}")
        if contract.read.format == "workbook":
            yield Mutant(number, *_bytes_of(content, dice))
            continue
        decoded = text.decode(contract, content)
        for _ in range(50):
            found = table(contract, decoded)
            kinds = SEEN if dice.random() < 0.85 else UNSEEN
            what = dice.choice(sorted(kinds))
            if kinds[what](found, dice):
                told = found.text().encode(contract.read.encoding, "replace")
                encodes = found.text().isascii() or contract.read.encoding == "utf-8"
                if encodes or contract.read.encoding == "utf-8-sig":
                    yield Mutant(number, what, kinds is SEEN, told)
                    break


def _bytes_of(content: bytes, dice: random.Random) -> tuple[str, bool, bytes]:
    what, changed = of_bytes(content, dice)
    # A byte of a picture's or a style's part changes no cell, one of a cell's does.
    return what, False, changed


def fuzz(count: int, seed: int) -> Iterator[tuple[str, Mutant, str]]:
    """Yield the contract, the mutant and what became of it, a file after the other.

    The fewer the mutants, the fewer the files that they are of: a file's first mutant
    costs as much as fifty that are judged with it.
    """
    files = [
        (contract, file)
        for contract in load_contracts().values()
        for file in sorted((FIXTURES / contract.key).glob("*.*"))
    ]
    random.Random(seed).shuffle(files)
    del files[max(1, count // AT_LEAST) :]
    for at, (contract, file) in enumerate(files):
        few = [*mutants(contract, file, [*range(at, count, len(files))], seed)]
        with tempfile.TemporaryDirectory(prefix="fuzz_") as folder:
            judge = Judge(contract, file, Path(folder))
            for mutant, found in zip(few, judge.outcomes(few), strict=True):
                yield contract.key, mutant, found


@contextmanager
def _in_time(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where what is done takes longer than anything may."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def is_known(key: str, mutant: Mutant) -> bool:
    return any(mutant.what == what and fnmatch(key, of) for what, of in KNOWN)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    began, wrong = time.monotonic(), []
    os.environ.setdefault("COMMON_METRICS_STUDENT_KEY", "of the fuzz, no secret")
    batching.SETTLED = 10**20  # every look counts as just written: nothing is skipped
    for key, mutant, outcome in fuzz(args.mutants, args.seed):
        if outcome == "misread" and is_known(key, mutant):
            outcome = "misread, known"
        counts[outcome.split()[0] if outcome.startswith("traceback") else outcome] += 1
        if outcome.startswith(("misread", "traceback", "hang")):
            print(
                f"{outcome}: {key}, mutant {mutant.number}: {mutant.what}", flush=True
            )
            wrong += [outcome] * (outcome != "misread, known")
    for outcome, count in counts.most_common():
        print(f"{count:>7,} {outcome}")
    seconds = time.monotonic() - began
    print(f"{sum(counts.values()):>7,} mutants, seed {args.seed}, {seconds:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
