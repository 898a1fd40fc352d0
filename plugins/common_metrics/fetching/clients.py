"""Clients: what asks a source, by the hooks of Airflow's providers alone.

Of a library's error its kind alone is quoted: it may hold a secret of an address.
"""

import errno
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import PurePosixPath
from shutil import copyfileobj
from time import time
from typing import Any, NoReturn
from urllib.parse import SplitResult, urljoin, urlsplit

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from common_metrics.contracts.sources import Asked, shown
from common_metrics.fetching.states import Down, Known, NotPublished, SourceRefused
from common_metrics.fetching.taking import AGAIN, OPEN, Client, Incoming, Offer

BLOCK = 100_000  # bytes
CONNECT = 10  # seconds in which a host that is there has taken a call
DAY = 24 * 3600.0
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
LEFT = "Nothing is to be done: it may be published some other day."
RIGHTS = "Ask the publisher for the right to it, and see to the connection conn_id."
KEY = "Ask the publisher which one is right, and see to the connection conn_id."


def client_of(key: str, one: Asked) -> Client:
    """Return what asks a source."""
    kinds: dict[str, Any] = {"sftp": Sftp, "s3": Bucket}
    return kinds.get(one.source.scheme, Web)(f"{key} {one.where}", one)


class _Base:
    def __init__(self, where: str, one: Asked):
        self.where, self.one, self.seconds = where, one, one.source.seconds
        self.connect = min(CONNECT, self.seconds)
        self.parts = urlsplit(one.address)
        self.folder, _, self.pattern = self.parts.path.rpartition("/")
        self.is_one = not {*"*["} & {*self.pattern}

    def offers(self) -> list[Offer]:
        try:
            if conn_id := self.one.source.conn_id:
                Connection.get(conn_id)
        except AirflowNotFoundException:
            todo = "Add it: `airflow connections add`, or AIRFLOW_CONN_<NAME>."
            self.refused(f"a connection {conn_id}", "none", todo)
        return self.listed()

    def listed(self) -> list[Offer]:
        raise NotImplementedError

    def down(self, error: Exception | str, wait: float | None = None) -> NoReturn:
        if isinstance(error, OSError) and error.errno in OF_THIS_MACHINE:
            raise error
        found = error if isinstance(error, str) else type(error).__name__
        down = Down(self.where, "an answer", found, AGAIN)
        down.wait = wait
        raise down from None

    def absent(self, found: str) -> NoReturn:
        raise NotPublished(self.where, "a file", found, LEFT) from None

    def refused(self, expected: str, found: str, todo: str) -> NoReturn:
        raise SourceRefused(self.where, expected, found, todo) from None

    def same(self, before: Known, after: Known) -> None:
        if before != after:
            self.down("a file that changed while it was read")

    def matching(self, offers: list[Offer]) -> list[Offer]:
        """Return the files of a folder that are asked for; raise NotPublished."""
        names = ((PurePosixPath(offer.name).name, offer) for offer in offers)
        found = [offer for name, offer in names if fnmatch(name, self.pattern)]
        return sorted(found) or self.absent("none of this name")


class Web(_Base):
    """``http`` and ``https``: one file; asked again, it is transferred if it is new."""

    @cached_property
    def sessions(self) -> dict[bool, Any]:
        """The session of the connection's hook for its own host; another for others.

        User, secret and headers are for the address's own host alone.
        """
        from airflow.providers.http.hooks.http import HttpHook
        from requests import Session

        own = other = Session()
        if conn_id := self.one.source.conn_id:
            own = HttpHook("GET", conn_id).get_conn()
        other.verify = own.verify
        return {True: own, False: other}

    def listed(self) -> list[Offer]:
        return [Offer(self.parts.path)]

    def read(self, offer: Offer, known: Known, into: Incoming) -> Known | None:
        with self._told():
            with closing(self._answer(known)) as answer:
                if answer.status_code == 304:
                    return None
                got = _validators(answer)
                kind = answer.headers.get("content-type", "")
                while block := answer.raw.read1(BLOCK, decode_content=False):
                    if "html" in kind and not into.size and block.lstrip()[:1] == b"<":
                        self.refused("a file", "a web page", OPEN)
                    into.write(block)
            if any(got.values()):
                with closing(self._answer(got)) as again:
                    if again.status_code != 304:
                        self.same(got, _validators(again))
        return {"final_address": shown(answer.url), **got}

    def _answer(self, known: Known) -> Any:
        """Ask, on the condition that it is not what is known, along redirects."""
        address, parts = self.one.address, self.parts
        headers = {ask: known[of] for of, (_, ask) in TELLS.items() if known.get(of)}
        headers["Accept-Encoding"] = "identity"
        for _ in range(REDIRECTS):
            answer = self._asked(address, headers, _host(parts) == _host(self.parts))
            if not answer.is_redirect:
                self._judge(answer)
                return answer
            answer.close()
            address = urljoin(address, answer.headers["location"])
            parts = self._allowed(address)
        self.refused(f"at most {REDIRECTS} redirects", "more", OPEN)

    def _asked(self, address: str, headers: dict[str, str], is_own: bool) -> Any:
        # Not the hook's own run: of an error it logs the address, with its secrets.
        session = self.sessions[is_own]
        return session.get(
            address,
            headers=headers,
            timeout=(self.connect, self.seconds),
            stream=True,
            allow_redirects=False,
            verify=session.verify,
        )

    def _allowed(self, address: str) -> SplitResult:
        """Return a redirect's address in parts; raise SourceRefused."""
        parts = urlsplit(address)
        try:
            host = _host(parts)
        except ValueError:
            self.refused("an address", "a redirect to none", OPEN)
        hosts = {_host(self.parts), *self.one.source.hosts}
        is_open = self.parts.scheme == "https" and parts.scheme != "https"
        if host not in hosts or parts.scheme not in PORTS or is_open:
            found = f"a redirect to {parts.scheme}://{host}"
            todo = "If that is right, add it to hosts in the contract."
            self.refused("an answer of a host that the contract names", found, todo)
        return parts

    def _judge(self, answer: Any) -> None:
        code, found = answer.status_code, f"HTTP status {answer.status_code}"
        if code in (200, 304):
            return
        answer.close()
        if code in (404, 410):
            self.absent(found)
        if code in SLOW or code >= 500:
            self.down(found, _wait(answer.headers.get("retry-after", "")))
        self.refused("a file", found, RIGHTS if code in (401, 403, 407) else OPEN)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from requests.exceptions import InvalidURL, RequestException, SSLError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                self.down(error)
            found = "one that is not trusted, or of another name or time"
            self.refused("the certificate of the host", found, KEY)
        except InvalidURL:
            self.refused("an address", "a redirect to none", OPEN)
        except (RequestException, HTTPError, OSError) as error:
            self.down(error)


class Sftp(_Base):
    """``sftp``: the files of a folder; its host key is always checked."""

    @cached_property
    def hook(self) -> Any:
        from airflow.providers.sftp.hooks.sftp import SFTPHook

        return SFTPHook(
            self.one.source.conn_id,
            remote_host=self.parts.hostname,
            port=self.parts.port or 22,
            no_host_key_check=False,
            conn_retry_attempts=1,
            conn_timeout=self.connect,
            banner_timeout=self.connect,
            auth_timeout=self.seconds,
        )

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        import paramiko

        try:
            with self.hook.get_managed_conn() as sftp:
                sftp.get_channel().settimeout(self.seconds)
                yield sftp
        except FileNotFoundError as error:
            if error.filename:  # it is of this machine: the server tells no name
                self.refused("the key file of the connection", "none", KEY)
            self.absent("none of this name")
        except (paramiko.AuthenticationException, PermissionError):
            self.refused("a file", "that the user or its right is refused", RIGHTS)
        except paramiko.SSHException as error:
            is_other = isinstance(error, paramiko.BadHostKeyException)
            if is_other or "known_hosts" in str(error):
                self.refused("the host key of the connection", "another one", KEY)
            self.down(error)
        except (OSError, EOFError) as error:
            self.down(error)

    def listed(self) -> list[Offer]:
        with self._connected() as sftp:
            if self.is_one:
                return [Offer(self.parts.path, _stamp(sftp.stat(self.parts.path)))]
            found = self.hook.list_directory_with_attr(self.folder or "/")
            files = (each for each in found if stat.S_ISREG(each.st_mode))
            return self.matching([Offer(f.filename, _stamp(f)) for f in files])

    def read(self, offer: Offer, known: Known, into: Incoming) -> Known:
        path = f"{self.folder}/{PurePosixPath(offer.name).name}"
        with self._connected() as sftp:
            self.hook.retrieve_file(path, into)
            self.same({"is": offer.version}, {"is": _stamp(sftp.stat(path))})
        final = self.parts._replace(path=path).geturl()
        return {"final_address": final, "modified": offer.version.split()[0]}


class Bucket(_Base):
    """``s3``: the files below a prefix, at the endpoint that the connection names."""

    @cached_property
    def path(self) -> Any:
        from airflow.sdk import ObjectStoragePath
        from airflow.sdk.io import attach, get_fs

        conn_id = self.one.source.conn_id
        # What is attached with options of its own would be made without them.
        limits: Any = {"connect_timeout": self.connect, "read_timeout": self.seconds}
        attach("s3", conn_id, fs=get_fs("s3", conn_id, limits))
        return ObjectStoragePath(self.one.address, conn_id=conn_id)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, NoCredentialsError
        from s3fs.utils import FileExpired

        try:
            yield
        except FileNotFoundError:
            self.absent("none of this name")
        except (PermissionError, NoCredentialsError):
            self.refused("a file", "that the user or its right is refused", RIGHTS)
        except FileExpired:
            self.down("a file that changed while it was read")
        except (BotoCoreError, OSError) as error:
            self.down(error)

    def listed(self) -> list[Offer]:
        with self._told():
            fs, path = self.path.fs, self.path.path
            fs.invalidate_cache()
            folder = path.rpartition("/")[0]
            found = [fs.info(path)] if self.is_one else fs.ls(folder, detail=True)
            return self.matching([_offer(f) for f in found if f["type"] == "file"])

    def read(self, offer: Offer, known: Known, into: Incoming) -> Known:
        file = self.path.with_name(PurePosixPath(offer.name).name)
        with self._told():
            with file.open("rb") as source:
                copyfileobj(source, into, BLOCK)
            after = _offer(file.fs.info(file.path, refresh=True))
            self.same({"is": offer.version}, {"is": after.version})
        return {"final_address": f"s3://{offer.name}", "etag": offer.version}


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
        if not after.isdigit():
            after = str(parsedate_to_datetime(after).timestamp() - time())
        return min(max(0.0, float(after)), DAY)
    except ValueError:
        return None
