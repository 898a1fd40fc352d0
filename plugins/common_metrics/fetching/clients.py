"""Clients: what asks a source, by the hooks of Airflow's providers alone.

Of a library's error its kind alone is quoted: it may hold a secret of an address.
"""

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import PurePosixPath
from shutil import copyfileobj
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.sftp.hooks.sftp import SFTPHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowNotFoundException,
    AirflowTaskTimeout,
)
from airflow.sdk.io import get_fs
from botocore.exceptions import BotoCoreError, NoCredentialsError
from paramiko import AuthenticationException, SSHException
from requests import Session
from requests.exceptions import InvalidURL
from s3fs.utils import FileExpired
from urllib3 import Retry
from urllib3.exceptions import HTTPError, InvalidHeader

from common_metrics.contracts.sources import Asked, shown
from common_metrics.fetching.states import (
    Down,
    Known,
    NotFetched,
    NotPublished,
    SourceRefused,
)

BLOCK = 100_000  # bytes
CONNECT = 10  # seconds in which a host that is there has taken a call
DAY = 24 * 3600
REDIRECTS = 5
# What tells versions of a file apart, in an answer, and in the next question.
TELLS = {
    "etag": ("ETag", "If-None-Match"),
    "modified": ("Last-Modified", "If-Modified-Since"),
}
PORTS = {"http": 80, "https": 443}
SLOW = {408, 425, 429}
# What fails here and not there: a full disk, a size that the user must not pass.
OF_THIS_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
AGAIN = "It is asked again. If it stays so, see to the address, or ask the publisher."
LEFT = "It may come some other day. If it should be there, see to the address."
OPEN = "Open the address in a browser; if it asks for a log-in, name a conn_id."
RIGHTS = "Ask the publisher for the right to it, and see to the connection conn_id."
KEY = "Ask the publisher which one is right, and see to the connection conn_id."
ADD = "Add it: `airflow connections add`, or AIRFLOW_CONN_<NAME>."
MEND = "See to the connection conn_id: its keys, files and extra."
NONE = "none of this name"
RENAME = "Ask the publisher to rename it."
CHANGED = "a file that changed while it was read"
DISTRUST = "one that is not trusted, or of another name or time"
# An error that names its file is of this machine: a server tells no name.
LOCAL = "No such file.*: '|TLS CA|private key|Invalid key"
RIGHT = (AuthenticationException, PermissionError, NoCredentialsError)
# What is refused, the first that fits: of which kind an error is, a word in it, and
# what was expected, what was found and what to do.
REFUSALS: tuple[tuple[Any, str, str, str, str], ...] = (
    (AirflowNotFoundException, "", "a connection {id}", "none", ADD),
    (Exception, "CERTIFICATE_VERIFY", "the certificate of the host", DISTRUST, KEY),
    (SSHException, "known_hosts|not match", "the host key it names", "another", KEY),
    ((OSError, SSHException), LOCAL, "keys that can be read", "none", MEND),
    (RIGHT, "", "a file", "that the user or its right is refused", RIGHTS),
    (InvalidURL, "", "an address", "a redirect to none", OPEN),
    (ValueError, "IPv6|Port", "an address", "a redirect to none", OPEN),
    (UnicodeDecodeError, "", "names in UTF-8", "others", RENAME),
    ((ValueError, AirflowException), "", "a usable connection {id}", "{kind}", MEND),
)
LOST = (OSError, EOFError, SSHException, BotoCoreError, HTTPError, AirflowTaskTimeout)


class Offer(NamedTuple):
    """A file that is there; ``version`` is "" where only its answer tells it."""

    path: str
    version: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


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
            expected = f"at most {self.most:,} bytes"
            raise SourceRefused(self.where, expected, "more", todo)
        if time.monotonic() > self.until:
            expected = f"a file within {self.seconds:g} seconds"
            todo = "It is asked again. If the file is large, raise seconds."
            raise Down(self.where, expected, f"{self.size:,} bytes of it", todo)
        self.digest.update(block)
        self.start = (self.start + block)[:1000]
        return self.file.write(block)


class Client:
    """Asks one address. Both methods raise NotFetched."""

    def __init__(self, key: str, one: Asked):
        self.where, self.one, self.source = f"{key} {one.where}", one, one.source
        self.seconds, self.parts = self.source.seconds, urlsplit(one.address)
        self.connect = min(CONNECT, self.seconds)
        self.path = unquote(self.parts.path)
        self.folder = self.path.rpartition("/")[0]

    def offers(self) -> list[Offer]:
        """Return the files that there are, sorted; at least one."""
        with self._told():
            if conn_id := self.source.conn_id:
                Connection.get(conn_id)
            name, is_one = self.one.name, not self.one.is_pattern
            found = [o for o in self._listed() if is_one or fnmatch(o.name, name)]
            return sorted(found) or self._fail(NotPublished, "a file", NONE, LEFT)

    def read(self, offer: Offer, known: Known, into: Incoming) -> Known | None:
        """Transfer a file and say what it is, or None if it is the one that is known.

        Raises Down if the file changed while it was read.
        """
        with self._told():
            return self._transferred(offer, known, into)

    def _listed(self) -> list[Offer]:
        return [Offer(self.path)]

    def _transferred(self, offer: Offer, known: Known, into: Incoming) -> Known | None:
        raise NotImplementedError

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what an error of a library means."""
        try:
            yield
        except NotFetched:
            raise
        except (Exception, AirflowTaskTimeout) as error:
            if getattr(error, "errno", None) in OF_THIS_MACHINE:
                raise
            fill = {"id": f"{self.source.conn_id}", "kind": type(error).__name__}
            for kind, words, *said in REFUSALS:
                if isinstance(error, kind) and re.search(words, str(error)):
                    self._fail(SourceRefused, *(text.format(**fill) for text in said))
            if isinstance(error, FileNotFoundError):
                self._fail(NotPublished, "a file", NONE, LEFT)
            if isinstance(error, LOST):
                found = CHANGED if isinstance(error, FileExpired) else fill["kind"]
                self._fail(Down, "an answer", found, AGAIN)
            raise

    def _fail(
        self, kind: type[NotFetched], expected: str, found: str, todo: str
    ) -> Any:
        raise kind(self.where, expected, found, todo) from None

    def _same(self, before: Any, after: Any) -> None:
        if before != after:
            self._fail(Down, "a whole file", CHANGED, AGAIN)


class Web(Client):
    """``http`` and ``https``: one file; asked again, it is transferred if it is new."""

    @cached_property
    def sessions(self) -> dict[bool, Any]:
        """The session of the connection's hook for its own host; another for others.

        User, secret and headers are for the address's own host alone.
        """
        own = other = Session()
        if conn_id := self.source.conn_id:
            own = HttpHook("GET", conn_id).get_conn()
        other.verify = own.verify
        return {True: own, False: other}

    def _transferred(self, offer: Offer, known: Known, into: Incoming) -> Known | None:
        with closing(self._answer(known)) as answer:
            if answer.status_code == 304:
                return None
            got = _validators(answer)
            self._copy(answer, into)
        if any(got.values()):
            self._see_whether_it_changed(got, into)
        return {"final_address": shown(answer.url), **got}

    def _see_whether_it_changed(self, got: Known, into: Incoming) -> None:
        """Raise Down if it has; some servers tell one file by another tag each time."""
        with closing(self._answer(got)) as again, open(os.devnull, "wb") as nowhere:
            if again.status_code == 304 or _validators(again) == got:
                return
            other = Incoming(self.where, nowhere, into.most, into.seconds)
            self._copy(again, other)
        self._same(into.digest.digest(), other.digest.digest())

    def _copy(self, answer: Any, into: Incoming) -> None:
        kind = answer.headers.get("content-type", "")
        while block := answer.raw.read1(BLOCK, decode_content=True):
            if "html" in kind and not into.size and block.lstrip()[:1] == b"<":
                self._fail(SourceRefused, "a file", "a web page", OPEN)
            into.write(block)

    def _answer(self, known: Known) -> Any:
        """Ask, on the condition that it is not what is known, along redirects."""
        address, parts = self.one.address, self.parts
        headers = {ask: known[of] for of, (_, ask) in TELLS.items() if known.get(of)}
        codes = {200, 304} if headers else {200}
        headers["Accept-Encoding"] = "identity"
        for _ in range(REDIRECTS):
            answer = self._asked(address, headers, _host(parts) == _host(self.parts))
            if answer.status_code in codes:
                return answer
            answer.close()
            if not answer.is_redirect:
                self._refuse(answer)
            address, parts = self._allowed(address, answer.headers["location"])
        self._fail(SourceRefused, f"at most {REDIRECTS} redirects", "more", OPEN)

    def _asked(self, address: str, headers: dict[str, str], is_own: bool) -> Any:
        # Not the hook's own run: of an error it logs the address, with its secrets.
        session, limits = self.sessions[is_own], (self.connect, self.seconds)
        of: Any = {"stream": True, "allow_redirects": False, "verify": session.verify}
        return session.get(address, headers=headers, timeout=limits, **of)

    def _allowed(self, address: str, location: str) -> tuple[str, SplitResult]:
        """Return where a redirect leads; raise SourceRefused."""
        address = urljoin(address, location)
        parts = urlsplit(address)
        host = _host(parts)
        hosts = {_host(self.parts), *self.source.hosts}
        is_open = self.parts.scheme == "https" and parts.scheme != "https"
        if host not in hosts or parts.scheme not in PORTS or is_open:
            found = f"a redirect to {parts.scheme}://{host}"
            todo = "If that is right, add it to hosts in the contract."
            todo = "Ask the publisher for one of https." if is_open else todo
            expected = "an answer of a host that the contract names"
            self._fail(SourceRefused, expected, found, todo)
        return address, parts

    def _refuse(self, answer: Any) -> None:
        code, found = answer.status_code, f"HTTP status {answer.status_code}"
        if code in (404, 410):
            self._fail(NotPublished, "a file", found, LEFT)
        if code in SLOW or code >= 500:
            down = Down(self.where, "an answer", found, AGAIN)
            down.wait = _wait(answer.headers.get("retry-after", ""))
            raise down
        todo = RIGHTS if code in (401, 403, 407) else OPEN
        self._fail(SourceRefused, "a file", found, todo)


class Sftp(Client):
    """``sftp``: the files of a folder; its host key is always checked."""

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        with self.hook.get_managed_conn() as sftp:
            sftp.get_channel().settimeout(self.seconds)
            yield sftp

    @cached_property
    def hook(self) -> Any:
        limits: Any = {"conn_timeout": self.connect, "banner_timeout": self.connect}
        limits |= {"conn_retry_attempts": 1, "auth_timeout": self.seconds}
        of: Any = {"remote_host": self.parts.hostname, "port": self.parts.port or 22}
        return SFTPHook(self.source.conn_id, no_host_key_check=False, **limits, **of)

    def _listed(self) -> list[Offer]:
        with self._connected() as sftp:
            if self.one.is_pattern:
                all_of = sftp.listdir_attr(self.folder or "/")
                found = [(f"{self.folder}/{each.filename}", each) for each in all_of]
            else:
                found = [(self.path, sftp.stat(self.path))]
        files = [(name, each) for name, each in found if stat.S_ISREG(each.st_mode)]
        return [Offer(name, _stamp(each)) for name, each in files]

    def _transferred(self, offer: Offer, known: Known, into: Incoming) -> Known:
        with self._connected() as sftp:
            self.hook.retrieve_file(offer.path, into)
            self._same(offer.version, _stamp(sftp.stat(offer.path)))
        final = self.parts._replace(path=offer.path).geturl()
        return {"final_address": final, "modified": offer.version.split()[0]}


class Bucket(Client):
    """``s3``: the files below a prefix, at the endpoint that the connection names."""

    @cached_property
    def store(self) -> Any:
        limits: Any = {"connect_timeout": self.connect, "read_timeout": self.seconds}
        return get_fs("s3", self.source.conn_id, limits)

    def _listed(self) -> list[Offer]:
        self.store.invalidate_cache()
        place = self.parts.netloc
        if self.one.is_pattern:
            found = self.store.ls(place + self.folder, detail=True)
        else:
            found = [self.store.info(place + self.path)]
        files = (each for each in found if each["type"] == "file")
        # A folder made by hand is a key that ends with a slash.
        return [_offer(each) for each in files if each["name"][-1] != "/"]

    def _transferred(self, offer: Offer, known: Known, into: Incoming) -> Known:
        with self.store.open(offer.path, "rb") as source:
            copyfileobj(source, into, BLOCK)
        self._same(offer, _offer(self.store.info(offer.path, refresh=True)))
        return {"final_address": f"s3://{offer.path}", "etag": offer.version}


def client_of(key: str, one: Asked) -> Client:
    """Return what asks a source."""
    kinds: dict[str, type[Client]] = {"sftp": Sftp, "s3": Bucket}
    return kinds.get(one.source.scheme, Web)(key, one)


def _offer(info: dict[str, Any]) -> Offer:
    return Offer(info["name"], info["ETag"].strip('"'))


def _stamp(attributes: Any) -> str:
    """Return the second in which a file was written, and its size."""
    written = datetime.fromtimestamp(attributes.st_mtime, UTC)
    return f"{written.isoformat()} {attributes.st_size}"


def _validators(answer: Any) -> Known:
    return {name: answer.headers.get(told, "") for name, (told, _) in TELLS.items()}


def _host(parts: SplitResult) -> str:
    """Return a host with its port, unless it is the one of the scheme."""
    own = parts.port in (None, PORTS.get(parts.scheme))
    return f"{parts.hostname}" if own else f"{parts.hostname}:{parts.port}"


def _wait(after: str) -> float | None:
    """Return the seconds of a Retry-After, which says them or a time; a day at most."""
    try:
        return Retry(retry_after_max=DAY).parse_retry_after(after)
    except (InvalidHeader, ValueError):
        return None
