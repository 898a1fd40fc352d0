"""Releases: written afresh beside the current one, audited, swapped by one rename."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from common_metrics.disclosure import attack
from common_metrics.errors import Refused
from common_metrics.lake import Lake, write_json
from common_metrics.publication import changes
from common_metrics.publication.site import write_site
from common_metrics.publication.workbook import write_workbooks
from common_metrics.warehouse.build import fingerprint

TIERS = ("public", "partner")
PARTNERS = "partners"
# What of a release everybody may read.
PUBLIC = {"public.duckdb", "public", "site"}
KEPT_RELEASES = 5
# Files of this storage version open in every DuckDB client back to 1.1.
STORAGE = "v1.1.0"
DICTIONARY = "data_dictionary"
ABOUT = "about_release"
DICTIONARY_ROWS = Path(__file__).with_name("dictionary.sql")
VIEWS = Path(__file__).with_name("views.sql")
RELEASED_TABLES = (
    "select table_name from duckdb_tables() where database_name = 'release'"
)


class ReleaseRefused(Refused):
    """The candidate must not be published; what is current stays."""


@dataclass(frozen=True)
class Table:
    """A table that a file publishes under a plain name, and the rows that it holds."""

    name: str
    rows: str
    description: str
    columns: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Partner:
    """Whose file it is: a state's, or a school's (then with its key)."""

    id: str
    kind: str
    state: str
    school_key: str | None


def is_needed(lake: Lake) -> bool:
    """Return whether no kept release was made from what the lake and code now hold.

    Kept ones count too, so that a rollback stays until something really changes.
    """
    return fingerprint(lake) not in {m["fingerprint"] for m in manifests(lake).values()}


def manifests(lake: Lake) -> dict[str, dict]:
    """Return the manifest of each kept release by its id, oldest first."""
    files = sorted(lake.published.glob("[0-9]*/manifest.json"))
    return {file.parent.name: json.loads(file.read_text()) for file in files}


def publish(lake: Lake, at: datetime) -> str:
    """Write, audit and swap in a release made from the finished build; return its id.

    Raises ReleaseRefused when the audit finds something; current is then untouched.
    """
    with lake.build_kept():
        record = json.loads(lake.build_record().read_text())
        release = f"{at:%Y%m%dT%H%M%SZ}-{record['fingerprint'][:8]}"
        candidate = _write_candidate(lake, release, at, record)
        audit(candidate, _files(lake))
        partners = _partners(lake)
        for partner in partners:
            _refuse_rows_of_others(candidate, partner)
        _refuse_recovered(lake, candidate, partners)
    _open_to_all(candidate)
    os.replace(candidate, lake.published / release)
    _point_current_at(lake, release)
    _prune(lake, release)
    return release


def _write_candidate(lake: Lake, release: str, at: datetime, record: dict) -> Path:
    """Write all files of a release beside the current one; return their folder."""
    candidate = lake.candidate(release)
    for left in lake.published.glob(".candidate-*"):
        shutil.rmtree(left)
    candidate.mkdir(mode=0o700, parents=True)
    (candidate / PARTNERS).mkdir()
    about = {
        "release": release,
        "built_at": at.isoformat(timespec="seconds"),
        "code_version": os.environ.get("COMMON_METRICS_VERSION", "unknown"),
    }
    counts = {
        name: _write_file(lake, candidate, name, tables, about)
        for name, tables in _files(lake).items()
    }
    write_site(candidate / "public.duckdb", candidate / "site", release)
    excel = candidate / "public" / "excel"
    write_workbooks(candidate / "public.duckdb", excel, lake.build().parent)
    _write_manifest(candidate, about, record, counts)
    return candidate


def _open_to_all(candidate: Path) -> None:
    """Let every user of the machine read the public files, and those alone."""
    for path in candidate.iterdir():
        if path.name not in PUBLIC:
            path.chmod(0o700 if path.is_dir() else 0o600)
    candidate.chmod(0o755)


def audit(candidate: Path, files: dict[str, list[Table]]) -> None:
    """Attack the candidate with nothing but its own files; raise ReleaseRefused."""
    for name, tables in files.items():
        with duckdb.connect(str(candidate / f"{name}.duckdb"), read_only=True) as con:
            _refuse_undeclared(con, name, tables)
    with duckdb.connect(str(candidate / "public.duckdb"), read_only=True) as con:
        _refuse_small_cells(con)


def rollback(lake: Lake, to: str | None = None) -> str:
    """Point current at release ``to``, or at the one before; return its id."""
    kept = list(manifests(lake))
    now = lake.current.resolve().name
    earlier = [release for release in kept if release < now]
    if to is None and not earlier or to is not None and to not in kept:
        raise ReleaseRefused(
            "rollback",
            f"a kept release other than {now}",
            f"{kept}",
            "Name one of them with RELEASE=<id>.",
        )
    target = to or earlier[-1]
    _point_current_at(lake, target)
    return target


def _files(lake: Lake) -> dict[str, list[Table]]:
    """Return the tables of each file of a release, by its name without the suffix.

    The public file comes first: nothing hidden was in memory when it is written.
    """
    files = {tier: _tables(lake, tier) for tier in TIERS}
    public = {table.name: table for table in files["public"]}
    for partner in _partners(lake):
        files[f"{PARTNERS}/{partner.id}"] = [
            replace(table, rows=rows)
            for table in files["partner"]
            if (rows := _rows_for(partner, table, public.get(table.name)))
        ]
    return files


def _nodes(lake: Lake) -> list[dict]:
    manifest = json.loads((lake.dbt_target() / "manifest.json").read_text())
    return list(manifest["nodes"].values())


def _partners(lake: Lake) -> list[Partner]:
    """Return the rows of the seed partners; raise ReleaseRefused for an odd id."""
    seeds = [node for node in _nodes(lake) if node["name"] == PARTNERS]
    found = []
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        for seed in seeds:
            con.execute(
                "select partner_id, kind, state, school_key "
                f'from "{seed["schema"]}".{PARTNERS} order by partner_id'
            )
            found += [Partner(*row) for row in con.fetchall()]
    for partner in found:
        if not re.fullmatch("[a-z0-9_]+", partner.id):
            raise ReleaseRefused(
                "seeds/partners.csv",
                "a partner_id of small letters, digits and _, since it names a file",
                repr(partner.id),
                "Rename it.",
            )
    return found


def _rows_for(partner: Partner, own: Table, public: Table | None) -> str | None:
    """Return a query of what the partner may see: its own rows as partners do.

    The rest is as the public sees it, of the partner's state alone, so that files stay
    small. None: the partner sees nothing of the table.
    """
    mine, common = _own_rows(partner, set(own.columns))
    parts = [f"{own.rows} where {mine}"] if mine else []
    if public and common:
        parts.append(f"{public.rows} where {common}")
    return " union all by name ".join(parts) or None


def _own_rows(partner: Partner, columns: set[str]) -> tuple[str, str]:
    """Return which rows are the partner's own, and which it sees as the public does.

    A row without a state, or for all states (*), is nobody's own. A table without
    states has providers, of which a state's own is named like the state, or neither.
    """
    state = _literal(partner.state)
    for_all = "(state is null or state = '*')"
    if partner.kind == "school" and "school_key" in columns:
        return f"school_key = {_literal(partner.school_key or '')}", ""
    if partner.kind == "school" and "state" in columns:
        return "", f"(state = {state} or {for_all})"
    if partner.kind == "state" and "state" in columns:
        return f"state = {state}", for_all
    if partner.kind == "state" and "provider" in columns:
        is_own = f"coalesce(upper(provider) = {state}, false)"
        return is_own, f"not {is_own}"
    return "", "true"


def _tables(lake: Lake, tier: str) -> list[Table]:
    """Return what dbt's manifest says this tier publishes (config.meta.tiers)."""
    chosen = [
        n for n in _nodes(lake) if tier in n["config"].get("meta", {}).get("tiers", [])
    ]
    tables = [
        Table(
            name=node["config"]["meta"].get("publish_as", node["name"]),
            rows=f'select * from warehouse."{node["schema"]}"."{node["name"]}"',
            description=node["description"],
            columns={
                name: {
                    "description": column["description"],
                    "unit": column["config"].get("meta", {}).get("unit", ""),
                }
                for name, column in node["columns"].items()
            },
        )
        for node in chosen
    ]
    return sorted(tables, key=lambda table: table.name)


def _write_file(
    lake: Lake, candidate: Path, name: str, tables: list[Table], about: dict[str, str]
) -> dict[str, int]:
    """Write a file afresh, a tier also as Parquet; return the rows of each table."""
    file = candidate / f"{name}.duckdb"
    with duckdb.connect(config={"temp_directory": str(lake.spill())}) as con:
        # Under its own name, by which the build's views refer to their tables.
        con.execute(f"attach '{_quoted(lake.build())}' as warehouse (read_only)")
        con.execute(
            f"attach '{_quoted(file)}' as release (storage_version '{STORAGE}')"
        )
        con.execute("use release")
        for table in tables:
            _copy_table(con, table)
        if ABOUT in {table.name for table in tables}:
            con.execute(f"insert into {ABOUT} values (?, ?, ?)", [*about.values()])
        _write_views(con)
        con.execute(DICTIONARY_ROWS.read_text())
        if name in TIERS:
            changes.fill(con, lake.current / f"{name}.duckdb", name)
        counts = _count_rows(con)
        if name in TIERS:
            _write_parquet(con, candidate / name)
        con.execute("checkpoint release")
        con.execute("use memory; detach release")
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
    return counts


def _copy_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(f"create table {table.name} as from ({table.rows}) order by all")
    con.execute(f"comment on table {table.name} is {_literal(table.description)}")
    for name, column in table.columns.items():
        unit = f" [{column['unit']}]" if column["unit"] else ""
        comment = _literal(column["description"].strip() + unit)
        con.execute(f"comment on column {table.name}.{name} is {comment}")


def _write_views(con: duckdb.DuckDBPyConnection) -> None:
    """Write the views; a column is described as in the first table that its view reads.

    A column of no such table stays undescribed: views.sql has to say what it is.
    """
    con.execute(VIEWS.read_text())
    taken = con.execute(
        r"""
        with reads as (
            select views.view_name, tables.table_name, length(regexp_extract(
                views.sql, '(?s)^.*?(FROM|JOIN) \(*' || tables.table_name || '\b'
            )) as place
            from duckdb_views() as views, duckdb_tables() as tables
            where views.database_name = 'release'
                and tables.database_name = 'release' and place > 0
        )

        select view_name, own.column_name, arg_min(said.comment, place)
        from reads
        inner join duckdb_columns() as said using (table_name)
        inner join duckdb_columns() as own
            on own.table_name = view_name and own.column_name = said.column_name
        where said.database_name = 'release' and own.database_name = 'release'
            and own.comment is null
        group by all
        """
    ).fetchall()
    for view, column, comment in taken:
        con.execute(f"comment on column {view}.{column} is {_literal(comment)}")


def _write_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    folder.mkdir()
    for (name,) in con.execute(RELEASED_TABLES).fetchall():
        place = _quoted(folder / f"{name}.parquet")
        con.execute(f"copy {name} to '{place}' (format parquet, compression zstd)")


def _count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = sorted(name for (name,) in con.execute(RELEASED_TABLES).fetchall())
    return {
        name: con.execute(f"select count(*) from {name}").fetchone()[0]
        for name in names
    }


def _write_manifest(
    candidate: Path, about: dict[str, str], record: dict, counts: dict
) -> None:
    """Write what the release holds, and apart from it what the public gets of it.

    Digests of partners' files are not for the public: where a table hides few numbers,
    its digest is enough to find them by trial.
    """
    files = _digests(candidate)
    for_all = {name: of for name, of in files.items() if _is_public(name)}
    # Which tests warned; how many rows they found may be of restricted files.
    warned = sorted(record.get("warnings", {}))
    tables = {"public": counts["public"]}
    shown = {**about, "warnings": warned, "files": for_all, "tables": tables}
    write_json(candidate / "public" / "manifest.json", shown)
    tables = {tier: counts[tier] for tier in TIERS}
    # Not _digests anew: a site is thousands of files.
    files |= _digests(candidate, "public/manifest.json")
    whole = {**about, **record, "files": files, "tables": tables}
    write_json(candidate / "manifest.json", whole)


def _digests(folder: Path, found: str = "**/*") -> dict[str, dict[str, str | int]]:
    return {
        file.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
        }
        for file in sorted(folder.glob(found))
        if file.is_file()
    }


def _is_public(name: str) -> bool:
    return name.split("/")[0] in PUBLIC


def _refuse_undeclared(
    con: duckdb.DuckDBPyConnection, tier: str, tables: list[Table]
) -> None:
    declared = {(table.name, name) for table in tables for name in table.columns}
    held = con.execute(
        "select table_name, column_name from duckdb_columns() where not internal "
        "and table_name not in (select view_name from duckdb_views())"
    ).fetchall()
    stray = [pair for pair in held if pair not in declared and pair[0] != DICTIONARY]
    if stray:
        raise ReleaseRefused(
            f"{tier}.duckdb",
            "declared columns only",
            f"{stray[:5]}",
            "Describe them in the model's yml, or take them out of the model.",
        )


def _refuse_rows_of_others(candidate: Path, partner: Partner) -> None:
    """A state's file tells of that state alone, a school's rows of that school."""
    key = ("school_key", partner.school_key) if partner.kind == "school" else None
    file = candidate / PARTNERS / f"{partner.id}.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        for column, own in filter(None, [("state", partner.state), key]):
            keyed = con.execute(
                "select table_name from duckdb_columns() where column_name = ? "
                "and table_name not in (select view_name from duckdb_views())",
                [column],
            ).fetchall()
            for (table,) in keyed:
                others = f"{column} <> ? and {column} <> '*'"
                sql = f"select count(*) from {table} where {others}"
                if con.execute(sql, [own]).fetchone()[0]:
                    raise ReleaseRefused(
                        f"{PARTNERS}/{partner.id}.duckdb {table}",
                        f"rows of {own} alone",
                        "others",
                        "Nothing was published; look at _own_rows in release.py.",
                    )


def _refuse_small_cells(con: duckdb.DuckDBPyConnection) -> None:
    """No visible restricted cell may be below its state's minimums."""
    for table in ("school_outcomes", "lea_outcomes", "state_outcomes"):
        (small,) = con.execute(
            f"""
            with ruled as (
                select
                    cell.numerator,
                    cell.denominator,
                    coalesce(own.min_denominator, strict.min_denominator) as least,
                    coalesce(own.min_numerator, strict.min_numerator) as least_of,
                    coalesce(own.min_complement, strict.min_complement) as least_other,
                from {table} as cell
                left join suppression_minimums as own on cell.state = own.state
                cross join (from suppression_minimums where state = '*') as strict
                where cell.visibility is distinct from 'public'
                    and cell.value_status in ('reported', 'range')
            )

            select count(*)
            from ruled
            where not coalesce(
                denominator >= least
                and numerator >= least_of
                and denominator - numerator >= least_other,
                false
            )
            """
        ).fetchone()
        if small:
            raise ReleaseRefused(
                f"public.duckdb {table}",
                "no restricted cell below suppression_minimums",
                f"{small}",
                "Nothing was published; look at int_suppressed_cells in the build "
                "file.",
            )


def _refuse_recovered(lake: Lake, candidate: Path, partners: list[Partner]) -> None:
    """Attack the candidate beside the kept releases; note counts in the manifest.

    Then once more for each partner, who knows what stands in its own file.
    """
    kept = [lake.published / release / "public.duckdb" for release in manifests(lake)]
    public = candidate / "public.duckdb"
    report = attack.recovered(public, kept)
    _refuse_report("public.duckdb", report)
    for partner in partners if report.hidden else []:
        file = f"{PARTNERS}/{partner.id}.duckdb"
        _refuse_report(file, attack.recovered(public, kept, candidate / file))
    manifest = json.loads((candidate / "manifest.json").read_text())
    write_json(candidate / "manifest.json", manifest | {"attack": report.counts()})


def _refuse_report(file: str, report: attack.Report) -> None:
    if not report.recovered:
        return
    cells = "; ".join(str(cell) for cell in report.recovered[:5])
    raise ReleaseRefused(
        file,
        "no hidden cell that follows from what is published",
        f"{len(report.recovered)}, such as: {cells}",
        "Nothing was published and the current release stays; see 'The attack "
        "refused a release' in docs/runbook.md.",
    )


def _point_current_at(lake: Lake, release: str) -> None:
    """One rename: a reader sees the old release or the new one, never a mixture."""
    link = lake.published / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(release, target_is_directory=True)
    os.replace(link, lake.current)


def _prune(lake: Lake, current: str) -> None:
    for release in list(manifests(lake))[:-KEPT_RELEASES]:
        if release != current:
            shutil.rmtree(lake.published / release)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _literal(text: str) -> str:
    return "'" + text.strip().replace("'", "''") + "'"
