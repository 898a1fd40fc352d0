"""Errors in four parts: where, what was expected, what was found, what to do."""

import errno
import unicodedata
from argparse import ArgumentParser
from collections.abc import Callable
from functools import wraps
from traceback import extract_tb
from typing import Any, NoReturn

# What moves the cursor, hides or turns text, or is no character at all.
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Refused(ValueError):
    """What must not go on, in four parts; none ever quotes a student's data."""

    def __init__(self, where: str, expected: str, found: str, todo: str):
        end = "" if found.endswith("\n") else ". "
        super().__init__(f"{where}: expected {expected}. Found {found}{end}{todo}")


class ContractError(Refused):
    """A contract that cannot be read; the message names the file and the path in it."""


class DeliveryRefused(Refused):
    """A delivery that must not go on.

    ``row`` is the physical line in the file, 1-based, where one can be named. Which
    file it is, the caller of ``sentence`` knows. ``layout_of`` is the key of a contract
    that knows no such layout.
    """

    def __init__(
        self,
        expected: str,
        found: str,
        todo: str,
        row: int | None = None,
        layout_of: str = "",
    ):
        super().__init__(f"row {row}" if row else "the file", expected, found, todo)
        self.expected, self.found, self.todo, self.row = expected, found, todo, row
        self.layout_of = layout_of

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, where: str = "") -> str:
        """Return the four parts as text, with ``where`` (the file) in front."""
        place = " ".join([where] * bool(where) + [f"row {self.row}"] * bool(self.row))
        parts = f"Expected {self.expected}. Found {self.found}. {self.todo}"
        if self.layout_of:
            doctor = f"make drift FILE=<the file> KEY={self.layout_of}"
            parts += f" `{doctor}` proposes the lines."
        return seen(f"{place}: {parts}" if place else parts)


def seen(text: str) -> str:
    """Return the text with what cannot be seen in it written out, as \\x1b is."""
    return "".join(_escaped(c) if is_unseen(c) else c for c in text)


def is_unseen(character: str) -> bool:
    """Return whether a character acts on what stands beside it, or is none."""
    return unicodedata.category(character) in UNSEEN


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def quoting_no_cell(step: Callable[..., Any]) -> Callable[..., Any]:
    """Let no error of a step on a restricted contract, its first argument, quote.

    What a library says of a cell that it cannot take holds the cell. Only the kind of
    the error is told, and the line of ours that it came from.
    """

    @wraps(step)
    def guarded(contract: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return step(contract, *args, **kwargs)
        except (Refused, OSError):
            raise
        except Exception as error:
            if contract.visibility == "public":
                raise
            found = f"{type(error).__name__} {_place(error)}"
        raise Unforeseen(
            contract.key,
            "a file that the code can take",
            f"{found}; not quoted, since it may hold a restricted cell",
            "Nothing was kept of it; look at that line of the code.",
        )

    return guarded


class Unforeseen(Refused):
    """An error of the code itself, without what it would quote."""


class Asked(ArgumentParser):
    """A parser that refuses wrong words in four parts, too."""

    def error(self, message: str) -> NoReturn:
        """Raise Refused with what the command takes."""
        usage = " ".join(self.format_usage().split()[2:])
        todo = "Of make, write NAME=value; `make help` lists the names."
        raise Refused(self.prog, usage, message, todo)


def told(main: Callable[[], int | None]) -> int:
    """Return a command's exit code; 2 with the sentence printed where it is refused."""
    try:
        return main() or 0
    except (Refused, OSError) as refused:
        print(in_four_parts(refused))
        return 2


# What the machine refuses: what was expected, and what to do.
OF_THE_MACHINE = {
    errno.ENOENT: ("a file or folder", "It went while it was in use: run again."),
    errno.ENOSPC: (
        "room on the disk",
        "Free some: `make doctor` tells sizes.",
    ),
    errno.EFBIG: ("room for the file", "Raise the limit of the user that runs this."),
    errno.EROFS: ("a place to write to", "Name another one, or mount it writable."),
}
# What DuckDB says of a full disk, in errors of its own.
FULL = ("No space left on device", "File too large")
RIGHTS = "the right to it", "Give it to the user that runs this, or name another place."
FURTHER = "a machine that can do this", "Mend that, then run again."


def in_four_parts(error: Exception) -> Exception:
    """Return an error of the machine as one in four parts, and any other as it is."""
    if not isinstance(error, OSError) or not error.strerror:
        full = next((words for words in FULL if words in str(error)), None)
        if not full or isinstance(error, Refused):
            return error
        error = OSError(errno.ENOSPC, full)
    other = RIGHTS if isinstance(error, PermissionError) else FURTHER
    expected, todo = OF_THE_MACHINE.get(error.errno or 0, other)
    said = str(error.strerror)
    found = said[0].lower() + said[1:]
    return Refused(str(error.filename or "the machine"), expected, found, todo)


def _place(error: Exception) -> str:
    frames = extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "common_metrics" in frame.filename]
    return f"in {ours[-1].name}, line {ours[-1].lineno}"
