"""Stands for dbt's ``adapter`` where sqlfluff reads the macros without dbt."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """Return what a dispatched macro of this name comes to: a call of a function."""
    return lambda text, *_: f"{name}({text})"
