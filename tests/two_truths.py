"""Two truths that differ in hidden numbers alone: what would the public see of each?"""

import graphlib
import json
import shutil
from pathlib import Path

import duckdb

from common_metrics.lake import Lake
from common_metrics.publication.audiences import Audiences

CHANGED, CHOSEN = "int_computed_outcomes", "int_suppressed_cells"
# Of the groups that are hidden with their denominators every second one has nobody in
# the other truth; of each place, metric and category the first stays: that a school is
# counted by gender is no secret.
EMPTIED = """
with groups as (
    select
        computed.*, computed.rowid as row_number,
        row_number() over (
            partition by computed.level, computed.state, computed.school_id_state,
                computed.school_year, computed.metric_id, category
            order by student_group
        ) > 1 and hash(school_id_state, school_year, student_group) % 2 = 0 as may_go,
    from intermediate.int_computed_outcomes as computed
    inner join rules.student_groups on student_group_label = student_group
)
delete from intermediate.int_computed_outcomes
where rowid in (
    select groups.row_number
    from groups
    inner join intermediate.int_outcomes_current as cell
        using (level, state, school_year, metric_id, provider)
    inner join intermediate.int_suppressed_cells as hidden
        using (level, state, school_year, metric_id, provider)
    where
        may_go and is_denominator_hidden
        and groups.school_id_state is not distinct from cell.school_id_state
        and groups.student_group_label = cell.student_group
        and cell.school_key is not distinct from hidden.school_key
        and cell.student_group = hidden.student_group
)
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
    compiled = target / "compiled" / manifest["metadata"]["project_name"]
    with duckdb.connect(str(file)) as con:
        assert con.execute(EMPTIED).fetchone()[0] > 100
        for node in _downstream(manifest["nodes"]):
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            sql = (compiled / node["original_file_path"]).read_text()
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
        sql = {t.name: f"from ({t.rows}) order by all" for t in tables}
        return {name: con.execute(rows).fetchall() for name, rows in sql.items()}
