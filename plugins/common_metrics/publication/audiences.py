"""Who gets a file of a release, and what each may see in it."""

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb

from common_metrics.errors import Refused
from common_metrics.lake import Lake

TIERS = ("public", "partner")
PARTNERS = "partners"
# What of a release everybody may read.
PUBLIC = {"public.duckdb", "public", "site"}
DICTIONARY = "data_dictionary"
# Who sees the row of a table so, which holds each row for each of them.
AUDIENCE = "audience"
# A model that stays a view reads tables by nothing but these. Not the text that DuckDB
# 1.5.5 gives of a view: it writes a cross join before a left join as a comma.
REF = re.compile(r"\{\{ (?:ref\(|as_seen_by\('partner', )'(\w+)'\) \}\}")


class ReleaseRefused(Refused):
    """The candidate must not be published; what is current stays."""


@dataclass(frozen=True)
class Table:
    """A table that a file publishes under a plain name, and the rows that it holds.

    A view is held as its SQL, which reads the tables of the same file.
    """

    name: str
    rows: str
    description: str
    columns: dict[str, dict[str, str]]
    view: str = ""
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Partner:
    """Whose file it is: a state's, or a school's (then with its key)."""

    id: str
    kind: str
    state: str
    school_key: str | None


class Audiences:
    """What the finished build gives to whom; reads dbt's manifest once."""

    def __init__(self, lake: Lake):
        self._build = lake.build()
        manifest = json.loads((lake.dbt_target() / "manifest.json").read_text())
        self._nodes = list(manifest["nodes"].values())

    @cached_property
    def files(self) -> dict[str, list[Table]]:
        """The tables of each file of a release, by its name without the suffix.

        The public file comes first: nothing hidden was in memory when it is written.
        """
        files = {tier: self.tables(tier) for tier in TIERS}
        public = {table.name: table for table in files["public"]}
        for partner in self.partners:
            files[f"{PARTNERS}/{partner.id}"] = [
                seen
                for own in files["partner"]
                if (seen := _seen_by(partner, own, public.get(own.name)))
            ]
        return {name: _described(tables) for name, tables in files.items()}

    def tables(self, tier: str) -> list[Table]:
        """Return what dbt's manifest says a tier publishes (config.meta.tiers)."""
        chosen = [
            _table(node, tier)
            for node in self._nodes
            if tier in node["config"].get("meta", {}).get("tiers", [])
        ]
        return sorted(chosen, key=lambda table: table.name)

    @cached_property
    def partners(self) -> list[Partner]:
        """The rows of the seed partners; raises ReleaseRefused for an odd id."""
        seeds = [node for node in self._nodes if node["name"] == PARTNERS]
        found = []
        with duckdb.connect(str(self._build), read_only=True) as con:
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
                    "a partner_id of small letters, digits and _, since it names a "
                    "file",
                    repr(partner.id),
                    "Rename it.",
                )
        return found


def _table(node: dict, tier: str) -> Table:
    model = node["raw_code"] if node["config"]["meta"].get("stays_a_view") else ""
    return Table(
        name=node["name"],
        rows=_rows(node, tier),
        description=node["description"],
        columns={
            name: {
                "description": column["description"],
                "unit": column["config"].get("meta", {}).get("unit", ""),
            }
            for name, column in node["columns"].items()
            if name != AUDIENCE
        },
        view=REF.sub(r"\1", model),
        reads=frozenset(REF.findall(model)),
    )


def _rows(node: dict, tier: str) -> str:
    """Return the rows that a tier sees, as a query that takes a condition."""
    place = f'warehouse."{node["schema"]}"."{node["name"]}"'
    if AUDIENCE not in node["columns"]:
        return f"select * from {place}"
    seen = f"select * exclude ({AUDIENCE}) from {place} where {AUDIENCE} = '{tier}'"
    return f"select * from ({seen})"


def _described(tables: list[Table]) -> list[Table]:
    """Return the tables, of the dictionary the rows about these tables alone."""
    names = ", ".join(literal(table.name) for table in tables)
    return [
        replace(table, rows=f"{table.rows} where table_name in ({names})")
        if table.name == DICTIONARY
        else table
        for table in tables
    ]


def _seen_by(partner: Partner, own: Table, public: Table | None) -> Table | None:
    """Return the table with what the partner may see: its own rows as partners do.

    The rest is as the public sees it, of the partner's state alone, so that files stay
    small. None: the partner sees nothing of the table.
    """
    if own.view or own.name == DICTIONARY:
        return own
    mine, common = own_rows(partner, set(own.columns))
    parts = [f"{own.rows} where {mine}"] if mine else []
    if public and common:
        parts.append(f"{public.rows} where {common}")
    return replace(own, rows=" union all by name ".join(parts)) if parts else None


def own_rows(partner: Partner, columns: set[str]) -> tuple[str, str]:
    """Return which rows are the partner's own, and which it sees as the public does.

    A row without a state, or for all states (*), is nobody's own. A table without
    states has providers, of which a state's own is named like the state, or neither.
    """
    state = literal(partner.state)
    for_all = "(state is null or state = '*')"
    if partner.kind == "school" and "school_key" in columns:
        return f"school_key = {literal(partner.school_key or '')}", ""
    if partner.kind == "school" and "state" in columns:
        return "", f"(state = {state} or {for_all})"
    if partner.kind == "state" and "state" in columns:
        return f"state = {state}", for_all
    if partner.kind == "state" and "provider" in columns:
        is_own = f"coalesce(upper(provider) = {state}, false)"
        return is_own, f"not {is_own}"
    return "", "true"


def literal(text: str) -> str:
    """Return a text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"
