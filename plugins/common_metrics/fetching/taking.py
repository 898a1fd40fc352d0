"""Taking: what is new at an address becomes whole files of the drop folder.

What asks, a client of ``clients.py``, is handed in: nothing here knows Airflow.
"""

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol

from common_metrics.contracts.model import Contract
from common_metrics.contracts.sources import Asked
from common_metrics.errors import is_unseen
from common_metrics.fetching import states
from common_metrics.fetching.states import Down, Known, NotFetched, SourceRefused
from common_metrics.lake import Lake
from common_metrics.landing import gate, receiving

AGAIN = "Nothing is to be done: it is asked again. If it stays so, ask the publisher."
OPEN = "Open the address in a browser; if it asks for a log-in, name a conn_id."


class Offer(NamedTuple):
    """A file that is there; ``version`` is "" where only its answer tells it."""

    name: str
    version: str = ""


class Incoming:
    """Where bytes go until they are whole: not too many, nor for too long.

    ``write`` raises SourceRefused beyond ``most`` bytes, Down after ``seconds``.
    """

    def __init__(self, where: str, file: BinaryIO, most: int, seconds: float):
        self.where, self.file, self.most, self.seconds = where, file, most, seconds
        self.until = time.monotonic() + seconds
        self.digest, self.size, self.start = hashlib.sha256(), 0, b""

    def write(self, block: bytes) -> int:
        self.size += len(block)
        if self.size > self.most:
            todo = "If the extract has grown, raise landing.max_bytes in its contract."
            raise SourceRefused(
                self.where, f"at most {self.most:,} bytes", "more", todo
            )
        if time.monotonic() > self.until:
            expected = f"a file within {self.seconds:g} seconds"
            raise Down(self.where, expected, f"{self.size:,} bytes of it", AGAIN)
        self.digest.update(block)
        self.start = (self.start + block)[:1000]
        return self.file.write(block)


class Client(Protocol):
    """Asks one source. Both methods raise NotFetched."""

    def offers(self) -> list[Offer]:
        """Return the files that there are."""

    def read(self, offer: Offer, known: Known, into: Incoming) -> Known | None:
        """Transfer a file and say what it is, or None if it is the one that is known.

        Raises Down if the file changed while it was read.
        """


@dataclass(frozen=True)
class Fetch:
    """One address, who asks it, and where its files go."""

    contract: Contract
    one: Asked
    client: Client
    drop: Path
    lake: Lake

    @property
    def where(self) -> str:
        return f"{self.contract.key} {self.one.where}"

    def run(self) -> list[str]:
        """Bring what is new; return the files of the drop folder that are.

        What became of it is kept in the lake. Raises NotFetched; of several files those
        that came before stay.
        """
        key, note = self.contract.key, states.note
        known = states.known_of(key, self.lake).get(self.one.file, {})
        files, new = dict(known.get("files", {})), list[str]()
        try:
            for offer in self.client.offers():
                name = self._name(offer)
                kept = self._kept(name, files)
                if got := self._taken(offer, name, kept):
                    files[name] = got
                    new += [name] * (got["sha256"] != kept.get("sha256"))
        except NotFetched as error:
            told = {"message": str(error), "not_before": states.later(error.wait)}
            note(key, self.one, self.lake, error.state, files=files, **told)
            raise
        finally:
            if self.drop in receiving.LISTED:
                receiving.list_once(self.drop)
        note(key, self.one, self.lake, "fetched", files=files)
        return new

    def _name(self, offer: Offer) -> str:
        """Return a file's place below the drop folder; raise SourceRefused."""
        name = PurePosixPath(offer.name).name
        if any(map(is_unseen, name)) or len(name.encode()) > receiving.LONGEST_NAME:
            expected = f"names one can see, of at most {receiving.LONGEST_NAME} bytes"
            todo = "Ask the publisher to rename it."
            raise SourceRefused(self.where, expected, "another one", todo)
        return self.one.file.replace("{name}", name)

    def _kept(self, name: str, files: dict[str, Known]) -> Known:
        """Return what is known of a file that came from this very address.

        One that was taken out of the drop folder comes again.
        """
        kept = files.get(name, {})
        is_kept = (self.drop / name).exists() and kept.get("of") == self.one.digest
        return kept if is_kept else {}

    def _taken(self, offer: Offer, name: str, known: Known) -> Known | None:
        """Return what is known of a file that came, None if it had come before."""
        if offer.version and offer.version == known.get("version"):
            return None
        key = self.contract.key
        part = self.drop / receiving.FETCHING / f"{key.replace('/', '.')}.part"
        most, seconds = self.contract.landing.max_bytes, self.one.source.seconds
        try:
            with _opened(part) as file:
                into = Incoming(self.where, file, most, seconds)
                got = self.client.read(offer, known, into)
            if got is None:
                return None
            if gate.is_page(into.start):
                raise SourceRefused(self.where, "a file", "a web page", OPEN)
            sha256 = into.digest.hexdigest()
            if sha256 != known.get("sha256"):
                (self.drop / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(part, self.drop / name)
        finally:
            part.unlink(missing_ok=True)
        origin = {"address": self.one.where, "fetched_at": states.later(0)}
        mine = {"version": offer.version, "of": self.one.digest, "sha256": sha256}
        return origin | got | mine


def _opened(part: Path) -> BinaryIO:
    """Open a file that is closed to others, over one that a killed run left."""
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(part, flags, stat.S_IRUSR | stat.S_IWUSR), "wb")
