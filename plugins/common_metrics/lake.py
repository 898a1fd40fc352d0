"""The lake's folders and receipts: the one place that makes paths.

Below the lake: landing (bytes as received), refused (bytes not accepted), validated and
quarantine (Parquet), deliveries (one record a delivery), looks (which files of the drop
folder are known), sources (what became of those on a network), alerts (what was told to
whom), data_docs, build, published, logs.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from common_metrics.errors import Refused

UNDATED = "undated"
Status = Literal["landed", "validated", "refused", "unmatched"]


@dataclass(frozen=True)
class Fault:
    """A rule that a delivery breaks, what follows, and for how many rows (0: all)."""

    effect: Literal["refused", "set_aside", "warned"]
    rule: str
    rows_count: int = 0


@dataclass(frozen=True)
class Judgement:
    """What became of a delivery at a time, by the rules of then."""

    judged_at: str
    status: str
    faults: list[Fault]


@dataclass(frozen=True)
class Delivery:
    """What is known of one delivered file; becomes a row of the table deliveries.

    ``file`` is the path below the drop folder, never a path of the machine.
    ``school_years`` are the integer end years of its rows, none for reference data and
    wherever the file was refused before they could be read; ``school_year`` is the year
    of a file that has one only. ``landed_before`` are the times at which the same bytes
    counted before others took their place. ``rows_sha256`` are the digests of the
    Parquet files in validated and quarantine, by the folder. ``same_bytes_as`` is the
    digest of a delivery whose bytes came again under a name of another year; ``sha256``
    is then of name and bytes, and no bytes are kept. ``source`` says of a file that was
    fetched from which address, which one answered, its ETag or time there, and when.
    ``faults`` are of the last judgement; ``judged_at`` is when that was, "" where it
    was on landing, and ``judged_before`` holds the other ones before it.
    ``withdrawn_at`` is when a refused file was gone from the drop folder. ``removed``
    says when bytes went that nobody has to keep, by the folder.
    """

    provider: str
    extract: str
    file: str
    sha256: str
    bytes: int
    landed_at: str
    school_year: int | None = None
    school_years: list[int] = field(default_factory=list)
    status: Status = "landed"
    rows_raw: int = 0
    rows_validated: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    message: str = ""
    contract_sha256: str = ""
    additional_columns: list[str] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)
    landed_before: list[str] = field(default_factory=list)
    same_bytes_as: str = ""
    rows_sha256: dict[str, str] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    judged_at: str = ""
    judged_before: list[Judgement] = field(default_factory=list)
    withdrawn_at: str = ""
    removed: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.extract}"

    @property
    def sha8(self) -> str:
        return self.sha256[:8]

    def with_(self, **changes: Any) -> "Delivery":
        return replace(self, **changes)


# What a newer version wrote beside these fields is left out, and an older version's
# receipt has less of them.
RECEIPT = TypeAdapter(Delivery)


class NoRelease(Refused):
    """Nothing is published yet."""


class Lake:
    """The folders of one lake."""

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def landing(self, delivery: Delivery) -> Path:
        name = f"{delivery.sha8}__{Path(delivery.file).name}"
        return self._at("landing", delivery.key, self._year(delivery), name)

    def refused(self, delivery: Delivery) -> Path:
        name = f"{delivery.sha8}__{Path(delivery.file).name}"
        return self._at("refused", delivery.key, name)

    def kept(self, delivery: Delivery) -> Path:
        """Return where the bytes are: under refused/ those that landing/ has not."""
        landed = self.landing(delivery)
        if delivery.status == "refused" and not landed.exists():
            return self.refused(delivery)
        return landed

    def incoming(self, key: str) -> Path:
        """Return where the file lies that is being read."""
        return self._at("landing", key, "incoming.part")

    def spooled(self, delivery: Delivery) -> Path:
        """Return where the rows of a file lie that is read in a stream."""
        return self._at("landing", delivery.key, f"{delivery.sha8}-rows.part")

    def looks(self, key: str) -> Path:
        """Return the record of the files that were seen at the last look."""
        return self._at("looks", f"{key}.json")

    def sources(self, key: str) -> Path:
        """Return the record of what became of an extract's sources."""
        return self._at("sources", f"{key}.json")

    def rows(self, stage: str, delivery: Delivery) -> Path:
        """Return the Parquet file of a delivery in validated or quarantine."""
        return self._at(
            stage, delivery.key, self._year(delivery), f"{delivery.sha8}.parquet"
        )

    def empty_rows(self, key: str) -> Path:
        """Return the file without rows that keeps an extract's columns known."""
        return self._at("validated", key, "none", "columns.parquet")

    @property
    def no_rows_set_aside(self) -> Path:
        """The quarantined file without rows that keeps the columns known."""
        return self._at("quarantine", "none/none", "none", "columns.parquet")

    @property
    def validated(self) -> Path:
        return self.root / "validated"

    @property
    def deliveries(self) -> Path:
        return self.root / "deliveries"

    @contextmanager
    def build_kept(self) -> Iterator[None]:
        """Hold the build: it is neither made anew nor published by anybody else."""
        with self._at("build", "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def build(self) -> Path:
        return self._at("build", "warehouse.duckdb")

    def spill(self) -> Path:
        """Return where DuckDB puts what does not fit into memory."""
        return self._at("build", "spill")

    def build_record(self) -> Path:
        return self._at("build", "build.json")

    def dbt_target(self) -> Path:
        return self._at("build", "dbt_target", "manifest.json").parent

    def spark(self, name: str) -> Path:
        """Return where Spark has its tables, what it spills, or what dbt did on it."""
        return self._at("build", "spark", name)

    @property
    def counts(self) -> Path:
        """The counts of students that Spark made, a folder of Parquet each."""
        return self.root / "build/counts"

    def contracts(self) -> Path:
        return self._at("build", "contracts.json")

    def released_cells(self) -> Path:
        """Return what the kept releases show of restricted cells."""
        return self._at("build", "released_cells.parquet")

    def school_years_due(self) -> Path:
        return self._at("build", "school_years_due.json")

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def current(self) -> Path:
        return self.published / "current"

    def released(self, name: str) -> Path:
        """Return a file of the current release by its own path; raise NoRelease."""
        file = self.current / name
        if not file.exists():
            raise NoRelease(name, "a release", "none", "Run `make run` first.")
        return file.resolve()

    def candidate(self, release: str) -> Path:
        return self.published / f".candidate-{release}"

    def data_docs(self, key: str) -> Path:
        return self.private("data_docs") / key

    def private(self, name: str) -> Path:
        """Return a folder of the lake, closed to everybody else on the machine."""
        folder = self.root / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        return self._at("logs", name)

    def record(self, delivery: Delivery) -> None:
        """Write the delivery's record, in one step, over an earlier one."""
        write_json(self._record(delivery.key, delivery.sha256), asdict(delivery))

    def recorded(self, key: str, sha256: str) -> Delivery | None:
        """Return the record of these bytes for this extract, or None."""
        return next(_read([self._record(key, sha256)]), None)

    def recorded_of(self, key: str) -> list[Delivery]:
        """Return the records of one extract."""
        return [*_read((self.deliveries / key).glob("*.json"))]

    def newest_of(self, key: str) -> dict[str, Delivery]:
        """Return the newest record of each file name of one extract."""
        records = sorted(self.recorded_of(key), key=lambda d: (d.landed_at, d.sha256))
        return {record.file: record for record in records}

    def all_recorded(self) -> list[Delivery]:
        """Return every record, in the order of extract and file name."""
        records = _read(self.deliveries.rglob("*.json"))
        return sorted(records, key=lambda d: (d.key, d.file, d.sha256))

    def set_receipts_aside(self) -> list[Path]:
        """Rename the receipts that cannot be read, and return their new paths.

        Their deliveries count as not received, and land again from the drop folder.
        """
        files = self.unreadable_receipts()
        return [file.rename(file.with_suffix(UNREADABLE)) for file in files]

    def unreadable_receipts(self) -> list[Path]:
        """Return the receipts that are no receipts, such as half of one."""
        return [f for f in self.deliveries.rglob("*.json") if not [*_read([f])]]

    def damaged(self, delivery: Delivery) -> list[Path]:
        """Return the files of a delivery that are not the bytes of its receipt."""
        if delivery.status == "unmatched" or delivery.same_bytes_as:
            return []
        due = {self.kept(delivery): delivery.sha256}
        if delivery.status == "validated":
            for stage in STAGES:
                rows = self.rows(stage, delivery)
                # A receipt of an earlier version does not say.
                due[rows] = delivery.rows_sha256.get(stage) or sha256_of(rows)
        there = {
            f: of for f, of in due.items() if self.folder(f) not in delivery.removed
        }
        return [f for f, of in there.items() if not of or sha256_of(f) != of]

    def moment(self) -> str:
        """Return the clock's time in UTC, or just after the last one given.

        It is the order of deliveries. A clock that was put back must not make a
        correction the older file, and no two looks have the same moment.
        """
        with self._at("deliveries", "moment").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            # A lake of an earlier version has no such file.
            before = (delivery.landed_at for delivery in self.all_recorded())
            last = file.read() or max(before, default="")
            now = datetime.now(UTC)
            with suppress(ValueError):
                now = max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))
            file.truncate(0)
            file.write(now.isoformat(timespec="microseconds"))
        return now.isoformat(timespec="microseconds")

    def forget_unmatched(self) -> dict[str, Delivery]:
        """Drop and return the records of files without a contract, by their digest."""
        files = list((self.deliveries / UNMATCHED).rglob("*.json"))
        records = {record.sha256: record for record in _read(files)}
        for file in files:
            file.unlink()
        return records

    def folder(self, file: Path) -> str:
        """Return in which folder of the lake a file lies."""
        return file.relative_to(self.root).parts[0]

    def _record(self, key: str, sha256: str) -> Path:
        return self._at("deliveries", key, f"{sha256[:16]}.json")

    @staticmethod
    def _year(delivery: Delivery) -> str:
        return str(delivery.school_year or UNDATED)

    def _at(self, *parts: str) -> Path:
        if parts[0] != "published":
            self.private(parts[0])
        path = self.root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


# The provider under which files without a contract are recorded.
UNMATCHED = "none"
# Where the rows of a delivery lie, as Parquet.
STAGES = ("validated", "quarantine")
# The end of a receipt's name once it was found that nobody can read it.
UNREADABLE = ".unreadable"


def _read(files: Iterable[Path]) -> Iterator[Delivery]:
    """Yield the receipts that can be read."""
    for file in files:
        with suppress(ValidationError, FileNotFoundError):
            yield RECEIPT.validate_json(file.read_bytes())


def sha256_of(file: Path) -> str:
    """Return the digest of a file, "" where there is none."""
    with suppress(FileNotFoundError), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    return ""


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    os.replace(part, path)
