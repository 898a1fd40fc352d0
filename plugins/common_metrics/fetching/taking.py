"""Taking: what is new at an address becomes whole files of the drop folder."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from common_metrics.contracts.model import Contract
from common_metrics.contracts.sources import Asked
from common_metrics.errors import is_unseen
from common_metrics.fetching import states
from common_metrics.fetching.clients import (
    AGAIN,
    OPEN,
    RENAME,
    Client,
    Incoming,
    Offer,
)
from common_metrics.fetching.states import Down, Known, NotFetched, SourceRefused
from common_metrics.lake import Lake
from common_metrics.landing import gate, receiving


@dataclass(frozen=True)
class Fetch:
    """One address, who asks it, and where its files go."""

    contract: Contract
    one: Asked
    client: Client
    drop: Path
    lake: Lake

    def run(self) -> list[str]:
        """Bring what is new; return the files of the drop folder that are.

        What became of it is kept in the lake. Raises NotFetched; of several files those
        that came before stay.
        """
        key, new = self.contract.key, list[str]()
        known = states.known_of(key, self.lake).get(self.one.looked_for, {})
        files = dict(known.get("files", {}))
        try:
            for offer in self.client.offers():
                name = self._name(offer)
                kept = self._kept(name, files)
                if got := self._taken(offer, name, kept):
                    files[name] = got
                    new += [name] * (got["sha256"] != kept.get("sha256"))
        except (NotFetched, OSError) as error:
            fault = error if isinstance(error, NotFetched) else self._unwritten(error)
            told = {"message": str(fault), "not_before": states.later(fault.wait)}
            states.note(key, self.one, self.lake, fault.state, files=files, **told)
            raise fault from None
        finally:
            if self.drop in receiving.LISTED:
                receiving.list_once(self.drop)
        states.note(key, self.one, self.lake, "fetched", files=files)
        return new

    def _unwritten(self, error: OSError) -> NotFetched:
        """Return what is said of an error of this machine: a client's are told."""
        todo = "Give the user that runs this the right to write it, or make room."
        found = error.strerror or type(error).__name__
        expected = "a drop folder that can be written"
        return SourceRefused(self.client.where, expected, found, todo)

    def _name(self, offer: Offer) -> str:
        """Return a file's place below the drop folder; raise SourceRefused."""
        name = offer.name
        is_long = len(name.encode("utf-8", "replace")) > receiving.LONGEST_NAME
        if is_long or name in ("", "..") or any(map(is_unseen, name)):
            expected = f"names one can see, of at most {receiving.LONGEST_NAME} bytes"
            raise SourceRefused(self.client.where, expected, "another one", RENAME)
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
        key, where = self.contract.key, self.client.where
        part = self.drop / receiving.FETCHING / f"{key.replace('/', '.')}.part"
        most = self.contract.landing.max_bytes
        try:
            with _opened(part) as file:
                into = Incoming(where, file, most, self.one.source.seconds)
                got = self.client.read(offer, known, into)
            if got is None:
                return None
            if not into.size:
                raise Down(where, "a file", "0 bytes", AGAIN)
            if gate.is_page(into.start):
                raise SourceRefused(where, "a file", "a web page", OPEN)
            sha256 = into.digest.hexdigest()
            if sha256 != known.get("sha256"):
                (self.drop / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(part, self.drop / name)
        finally:
            if part.exists():
                part.unlink()
        origin = {"address": self.one.where, "fetched_at": states.later(0)}
        mine = {"version": offer.version, "of": self.one.digest, "sha256": sha256}
        return origin | got | mine


def _opened(part: Path) -> BinaryIO:
    """Open a file that is closed to others, over one that a killed run left."""
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
