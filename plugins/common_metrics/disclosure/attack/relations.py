"""What published files say of hidden numbers, as rows of a linear system."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import csr_matrix, vstack

RELATIONS = sorted((Path(__file__).parent / "sql").glob("*.sql"))
Columns = dict[str, np.ndarray]


@dataclass
class System:
    """Relations ``matrix @ x + constant >= 0`` (or ``= 0``) over the unknown numbers.

    ``items`` are what must not be narrow: hidden numbers (``width``) and rests of
    relations (``least``), as rows ``items @ x + offset``.
    """

    matrix: csr_matrix
    constant: np.ndarray
    is_equal: np.ndarray
    kind: np.ndarray
    site: np.ndarray
    cap: float
    items: csr_matrix
    offset: np.ndarray
    width: np.ndarray
    least: np.ndarray
    enough: np.ndarray


def system_of(
    con: duckdb.DuckDBPyConnection, alone: bool, only: set[str] | None = None
) -> tuple[System, list[str]]:
    con.execute(f"set variable alone = {alone}")
    for file in RELATIONS:
        con.execute(file.read_text())
    shown = con.execute(
        "select shown::double as shown from nodes order by node"
    ).fetchnumpy()["shown"]
    shown = np.ma.filled(shown, np.nan)
    relations = con.execute(
        "select kind, site, key, is_equal, minimum, min_interval "
        "from relations order by relation"
    ).fetchnumpy()
    entries = con.execute(
        "select relation, coalesce(node, -1) as node, coefficient "
        "from entries inner join relations using (kind, tag, anchor) "
        "order by relation, node, coefficient"
    ).fetchnumpy()
    hidden = con.execute(
        "select distinct node, key, min_interval, "
        "if(number = 'denominator', min_denominator, null)::double as enough "
        "from hidden inner join minimums using (state) order by key, node"
    ).fetchnumpy()
    return _assembled(shown, relations, entries, hidden, only)


def _assembled(
    shown: np.ndarray,
    relations: Columns,
    entries: Columns,
    hidden: Columns,
    only: set[str] | None,
) -> tuple[System, list[str]]:
    """Put what is known into the constants; keep the relations that hold an unknown."""
    relation, node = entries["relation"], entries["node"]
    is_known = (node < 0) | ~np.isnan(shown)[node]
    value = np.where(node < 0, 1.0, np.nan_to_num(shown[node]))
    count = len(relations["kind"])
    constant = np.bincount(
        relation[is_known],
        (entries["coefficient"] * value)[is_known],
        minlength=count,
    )
    unknown = np.isnan(shown)
    column = np.cumsum(unknown) - 1
    matrix = csr_matrix(
        (
            entries["coefficient"][~is_known],
            (relation[~is_known], column[node[~is_known]]),
        ),
        shape=(count, int(unknown.sum())),
    )
    picks = csr_matrix(
        (
            np.ones(len(hidden["node"])),
            (np.arange(len(hidden["node"])), column[hidden["node"]]),
        ),
        shape=(len(hidden["node"]), matrix.shape[1]),
    )
    rests = np.flatnonzero(relations["minimum"] > 0)
    system = System(
        matrix=matrix,
        constant=constant,
        is_equal=relations["is_equal"].astype(bool),
        kind=relations["kind"],
        site=relations["site"],
        cap=1e6,
        items=vstack([picks, matrix[rests]], format="csr"),
        offset=np.concatenate([np.zeros(picks.shape[0]), constant[rests]]),
        width=np.concatenate(
            [hidden["min_interval"], relations["min_interval"][rests]]
        ).astype(float),
        least=np.concatenate([np.zeros(picks.shape[0]), relations["minimum"][rests]]),
        enough=np.concatenate(
            [np.ma.filled(hidden["enough"], np.inf), np.full(len(rests), np.inf)]
        ),
    )
    keys = [*hidden["key"], *relations["key"][rests]]
    if only is None:
        return system, keys
    kept = np.array([key in only for key in keys], dtype=bool)
    system.items, system.offset = system.items[kept], system.offset[kept]
    system.width, system.least = system.width[kept], system.least[kept]
    system.enough = system.enough[kept]
    return system, [key for key in keys if key in only]
