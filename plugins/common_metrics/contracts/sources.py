"""Sources on a network: addresses that a contract names, and where their files go."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from hashlib import sha256
from itertools import permutations
from pathlib import PurePosixPath
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, model_validator

from common_metrics.contracts.forms import Block

FOLDERS = ("s3", "sftp")
# Parameters of a query that hold a secret by their name: it belongs into a connection.
SECRET = re.compile("key|token|secret|sig|pass|pwd|auth|cred|session", re.IGNORECASE)
YEAR = re.compile(r"(19|20)[0-9]{2}([-_][0-9]{2,4})?")
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?$")]


class Source(Block):
    """An address from which files are fetched, and their place below the drop folder.

    docs/contracts.md says what each key and mark means. Raises ValueError for an
    address that cannot be asked, or that holds a secret.
    """

    address: str
    file: str
    conn_id: str | None = None
    hosts: list[Host] = []
    years: list[Annotated[int, Field(gt=1900, lt=2100)]] = []
    seconds: Annotated[int, Field(gt=0)] = 60
    days: int = 3

    @property
    def scheme(self) -> str:
        return urlsplit(self.address).scheme

    @property
    def has_years(self) -> bool:
        return bool(re.search("{(end|start|school)_year}", self.address + self.file))

    @model_validator(mode="after")
    def _is_an_address(self) -> "Source":
        if fault := _fault(self, urlsplit(self.address)):
            raise ValueError(f"address: {fault}")
        if self.years and not self.has_years:
            raise ValueError("years: no mark of a year is in address or file")
        return self


def _fault(source: Source, parts) -> str:  # type: ignore[no-untyped-def]
    """Return what is wrong with an address, in words that quote no secret of it."""
    is_folder = parts.scheme in FOLDERS
    if not (is_folder or parts.scheme in ("http", "https")) or not parts.hostname:
        return "give http, https, s3 or sftp, a host (or bucket) and a path"
    if parts.port == 0 or (parts.scheme == "s3" and parts.port):
        return "it has a port that cannot be: of s3, endpoint_url of conn_id has it"
    if "@" in parts.netloc:
        return "no user or password stands in it: name a connection, conn_id"
    if re.search(r"[\s\x00-\x1f\\]", source.address) or parts.fragment:
        return "it has a blank, a control character, a backslash or a #; a blank is %20"
    if any(SECRET.search(name) for name, _ in parse_qsl(parts.query)):
        return "no secret stands in its query: name a connection, conn_id"
    if is_folder and (parts.query or not source.conn_id):
        return f"{parts.scheme} needs a connection, conn_id, and has no query"
    if is_folder and not parts.path.rpartition("/")[2]:
        return "name a file, or a pattern of them such as /*.csv"
    if re.search("[*[]", parts.path.rpartition("/")[0] if is_folder else parts.path):
        return "its last part alone may be a pattern, of s3 and sftp"
    return ""


class Asked(NamedTuple):
    """One address that is asked, of a school year (its end) or of none."""

    source: Source
    address: str
    file: str
    year: int | None = None

    @property
    def where(self) -> str:
        return shown(self.address)

    @property
    def name(self) -> str:
        """The last part of the address: a file's name, or a pattern of them."""
        return PurePosixPath(unquote(urlsplit(self.address).path)).name

    @property
    def is_pattern(self) -> bool:
        return bool({*"*["} & {*urlsplit(self.address).path})

    @property
    def looked_for(self) -> str:
        """The place below the drop folder; a pattern if the address has one."""
        return self.file.replace("{name}", self.name)

    @property
    def digest(self) -> str:
        """Tells addresses apart of which not all is shown."""
        return sha256(self.address.encode()).hexdigest()[:16]


def asked(sources: list[Source], due: Iterable[int]) -> list[Asked]:
    """Return each address with its marks filled in for each year that it is asked for.

    Raises ValueError where a mark is unknown, there is no year to fill in, or two
    addresses would fill one file.
    """
    years = [*due]
    if any(each.has_years and not (each.years or years) for each in sources):
        raise ValueError("years: give some, here or in landing.school_years")
    found = [
        Asked(each, _filled(each.address, year), _filled(each.file, year), year)
        for each in sources
        for year in _years(each, years)
    ]
    left = [f for f in found if re.search("[{}*?[]", f.file.replace("{name}", ""))]
    if left or any(re.search("[{}]", one.address) for one in found):
        raise ValueError(
            "the marks are {end_year}, {start_year}, {school_year}; of a file {name}"
        )
    for one, other in permutations(found, 2):
        if fnmatch(one.looked_for, other.looked_for):
            raise ValueError(f"file: two addresses fill {one.file!r}; give it a year")
        if one.address == other.address:
            raise ValueError("address: one fills two files; give it a year")
    return [f if f.is_pattern else f._replace(file=f.looked_for) for f in found]


def _years(source: Source, due: list[int]) -> Iterable[int | None]:
    return [None] if not source.has_years else source.years or due


def _filled(text: str, year: int | None) -> str:
    if year is None:
        return text
    marks = {"end": year, "start": year - 1, "school": f"{year - 1}-{year % 100:02d}"}
    for mark, value in marks.items():
        text = text.replace(f"{{{mark}_year}}", str(value))
    return text


def shown(address: str) -> str:
    """Return an address for people: without user, and of its query years alone."""
    parts = urlsplit(address)
    query = "&".join(
        f"{name}={value if YEAR.fullmatch(value) else '***'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    netloc = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=netloc, query=query, fragment="").geturl()
