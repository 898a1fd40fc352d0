"""What changed since the last release, in school terms, and why.

``make changes [TIER=public]`` prints a summary of the table release_changes, which is
filled when a release is written.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from common_metrics.publication.audiences import literal

TABLE = "release_changes"
SQL = Path(__file__).with_name("changes.sql")
# The published tables that changes.sql reads.
COMPARED = (
    *("school_outcomes", "lea_outcomes", "state_outcomes", "coalition_outcomes"),
    *("school_targets", "school_target_status", "school_outlook", "group_gaps"),
    *("deliveries", "rule_digests", "dim_school", "bridge_coalition_school"),
)
SHOWN = 12


def fill(con: duckdb.DuckDBPyConnection, earlier: Path, tier: str) -> None:
    """Put what moved since the file ``earlier`` into the release that con writes."""
    held = _tables(con, "release")
    if TABLE not in held:
        return
    reason = "There was no release before: nothing to compare with."
    if earlier.exists():
        file = earlier.resolve()
        con.execute(f"attach {literal(str(file))} as earlier (read_only)")
        compare(con, _tables(con, "earlier"), held, hides_numbers=tier == "public")
        con.execute(f"insert into {TABLE} by name from changes order by all")
        con.execute("detach earlier")
        reason = f"Compared with release {file.parent.name}."
    ((said,),) = con.execute(
        "select comment from duckdb_tables() where database_name = 'release' "
        "and table_name = ?",
        [TABLE],
    ).fetchall()
    con.execute(f"comment on table {TABLE} is {literal(f'{said}. {reason}')}")


def compare(
    con: duckdb.DuckDBPyConnection,
    before: Mapping[str, str],
    after: Mapping[str, str],
    hides_numbers: bool,
) -> None:
    """Leave the temporary table ``changes``; both sides map tables to relations.

    A table that the earlier side lacks is not compared, nor is a column.
    """
    for side in ("before", "after"):
        con.execute(f"attach ':memory:' as {side}")
    for name in COMPARED:
        now, then = after[name], before.get(name, after[name])
        con.execute(f"create view after.{name} as from {now}")
        con.execute(
            f"create view before.{name} as (from {now} limit 0) "
            f"union all by name from {then}"
        )
    con.execute("set variable hides_numbers = ?", [hides_numbers])
    con.execute(SQL.read_text())
    con.execute("detach before; detach after")


def said(file: Path) -> list[str]:
    """Return what moved with a release, and where to read on, as lines."""
    with duckdb.connect(str(file), read_only=True) as con:
        ((comment,),) = con.execute(
            "select comment from duckdb_tables() where table_name = ?", [TABLE]
        ).fetchall()
        return [
            f"Release {file.parent.name}. {comment.rpartition('. ')[2]}",
            *summary(con),
            f"\nEvery row: table {TABLE} in {file}; one number: make explain.",
        ]


def summary(con: duckdb.DuckDBPyConnection, relation: str = TABLE) -> list[str]:
    """Return what moved as lines: why, where, which verdicts, and the largest moves."""
    ((rows, schools),) = con.execute(
        f"select count(*), count(distinct school_key) from {relation}"
    ).fetchall()
    if not rows:
        return ["Nothing moved."]
    parts = (
        ("Why", WHY),
        ("What", WHAT),
        ("Verdicts", VERDICTS),
        ("Largest moves of rates and targets", LARGEST),
    )
    lines = [f"{rows:,} rows moved, of {schools:,} schools or districts."]
    for title, sql in parts:
        asked = sql.format(relation=relation, shown=SHOWN, count=COUNT)
        found = con.execute(asked).fetchall()
        lines += ["", f"{title}:", *(f"  {line}" for (line,) in found)] * bool(found)
    return lines


COUNT = "format('{:,}', count(*))"
WHY = """
select format('{{:>9}}  {{}}: {{}}', {count}, why, why_detail)
from {relation} group by why, why_detail order by count(*) desc, 1 limit {shown}
"""
WHAT = """
select format(
    '{{:>9}}  {{}}: {{}}, {{:,}} schools', {count}, changed_table, moved,
    count(distinct school_key)
)
from {relation} group by changed_table, moved order by changed_table, count(*) desc
"""
VERDICTS = """
select format(
    '{{:>9}}  {{}} -> {{}} ({{}})', {count}, coalesce(old_status, 'none'),
    coalesce(new_status, 'none'), target_model
)
from {relation}
where
    changed_table = 'school_target_status'
    and old_status is distinct from new_status
group by old_status, new_status, target_model order by count(*) desc, 1
limit {shown}
"""
LARGEST = """
with sized as (
    select
        *,
        abs(new_low + new_high - old_low - old_high) / 2 as points,
        concat_ws(
            ' ', school_name, coalesce(state, coalition_id), metric_id,
            school_year, student_group, target_model
        ) as place
    from {relation}
    where changed_table like '%outcomes' or changed_table = 'school_targets'
)

select format(
    '{{:>9.2f}}  {{}}: {{:.6g}} -> {{:.6g}} ({{}})', points, place,
    (old_low + old_high) / 2, (new_low + new_high) / 2,
    case changed_table when 'school_targets' then 'target' else 'rate' end
)
from sized where points > 0 order by points desc, place limit {shown}
"""


def _tables(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, str]:
    sql = "select table_name from duckdb_tables() where database_name = ?"
    names = [name for (name,) in con.execute(sql, [catalog]).fetchall()]
    return {name: f"{catalog}.main.{name}" for name in names}
