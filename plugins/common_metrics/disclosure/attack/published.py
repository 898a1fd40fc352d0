"""The published files that an attack reads, as tables of one connection."""

from pathlib import Path

import duckdb

OUTCOMES = {"school": "school_key", "lea": "lea_key", "state": "''"}
DERIVED = (
    "school_targets",
    "school_target_status",
    "school_outlook",
    "group_gaps",
    "reconciliation",
)


def attach(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    earlier: list[Path],
    insider: Path | None,
) -> None:
    """Make one table of the cells of all files, and views of the candidate's rules."""
    files = [("candidate", candidate)] + [("earlier release", f) for f in earlier]
    files += [("insider", insider)] if insider else []
    held = []
    for n, (_, file) in enumerate(files):
        place = str(file).replace("'", "''")
        con.execute(f"attach '{place}' as file_{n} (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = ?",
            [f"file_{n}"],
        )
        held.append({name for (name,) in tables.fetchall()})
    selects = [
        f"select '{origin}' as origin, '{level}_outcomes' as table_name, "
        f"'{level}' as level, {key} as place, * from file_{n}.{level}_outcomes"
        for n, (origin, _) in enumerate(files)
        for level, key in OUTCOMES.items()
        if f"{level}_outcomes" in held[n]
    ]
    columns = (
        "origin, table_name, level, place, provider, state, school_year, metric_id, "
        "student_group, numerator, denominator, value_pct, value_low_pct, "
        "value_high_pct, value_status, visibility, is_preferred"
    )
    con.execute(
        f"create temp table cells as select {columns} "
        f"from ({' union all by name '.join(selects)})"
    )
    for table in DERIVED:
        union = " union all by name ".join(
            f"select '{origin}' as origin, * from file_{n}.{table}"
            for n, (origin, _) in enumerate(files)
            if table in held[n]
        )
        con.execute(f"create temp view all_{table} as {union}")
    con.execute("use file_0")
