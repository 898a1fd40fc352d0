"""Two truths that differ in hidden numbers alone: what would the public see of each?"""

import graphlib
import json
import shutil
from pathlib import Path

import duckdb

from common_metrics.lake import Lake
from common_metrics.publication.audiences import Audiences

CHANGED, CHOSEN = "int_computed_outcomes", "int_suppressed_cells"
# Of each place, metric and category one group stays: that a file counts by gender is
# no secret. Of the others that are hidden with their denominators nobody is left.
EMPTIED = """
delete from intermediate.int_computed_outcomes as computed
using intermediate.int_outcomes_current as cell,
    intermediate.int_suppressed_cells as hidden, rules.student_groups as groups
where
    computed.level = cell.level and computed.state = cell.state
    and computed.school_id_state is not distinct from cell.school_id_state
    and computed.school_year = cell.school_year
    and computed.metric_id = cell.metric_id
    and computed.student_group_label = cell.student_group
    and cell.provider = 'computed' and hidden.provider = 'computed'
    and hidden.level = cell.level and hidden.state = cell.state
    and hidden.school_key is not distinct from cell.school_key
    and hidden.school_year = cell.school_year
    and hidden.metric_id = cell.metric_id
    and hidden.student_group = cell.student_group
    and hidden.is_denominator_hidden
    and groups.student_group = cell.student_group
    and groups.student_group not in ('all', 'female', 'white', 'ed', 'el', 'swd')
"""


def seen(lake: Lake) -> dict[str, list]:
    """Return the rows of each public table, in order."""
    return _rows(lake, lake.build())


def seen_otherwise(lake: Lake, folder: Path) -> dict[str, list]:
    """Return the same where hidden groups have nobody, the same cells hidden."""
    file = folder / "warehouse.duckdb"
    shutil.copy(lake.build(), file)
    target = lake.dbt_target()
    manifest = json.loads((target / "manifest.json").read_text())
    compiled = {f.stem: f for f in (target / "compiled").rglob("models/**/*.sql")}
    with duckdb.connect(str(file)) as con:
        assert con.execute(EMPTIED).fetchone()[0] > 100
        for node in _downstream(manifest["nodes"]):
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            sql = compiled[node["name"]].read_text()
            con.execute(f"create or replace {kind} {node['relation_name']} as {sql}")
    return _rows(lake, file)


def _downstream(nodes: dict) -> list[dict]:
    """Models below the changed one, in order; the choice of hidden cells stays."""
    models = {
        key: node
        for key, node in nodes.items()
        if node["resource_type"] == "model" and node["name"] != CHOSEN
    }
    graph = {
        key: [above for above in node["depends_on"]["nodes"] if above in models]
        for key, node in models.items()
    }
    touched = {key for key, node in models.items() if node["name"] == CHANGED}
    found = []
    for key in graphlib.TopologicalSorter(graph).static_order():
        if touched.intersection(graph[key]):
            touched.add(key)
            found.append(models[key])
    return found


def _rows(lake: Lake, file: Path) -> dict[str, list]:
    tables = [t for t in Audiences(lake).tables("public") if not t.view]
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as warehouse (read_only)")
        return {table.name: con.execute(table.rows).fetchall() for table in tables}
