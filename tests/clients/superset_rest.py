"""Superset over its REST API: a question to the dataset of the imported dashboard.

Starts a Superset of its own, and tells besides what each chart of the dashboard shows.
"""

import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from reading import JUDGED, loop

SUPERSET = Path(__file__).parents[2] / "superset"
sys.path.insert(0, str(SUPERSET))
from rest import Session  # noqa: E402


def main(home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, SUPERSET / "serve.py", home]
    command += [Path(sys.argv[1]) / "public.duckdb", "--port", str(port)]
    with (
        (Path(home) / "log").open("w") as log,
        subprocess.Popen(command, stdout=-1, stderr=log, text=True) as server,
    ):
        try:
            if not any(line.startswith("http") for line in server.stdout):
                sys.exit((Path(home) / "log").read_text()[-5000:])
            ask(Session(f"http://127.0.0.1:{port}", password(home)))
        finally:
            server.terminate()
    assert not (Path(home) / "admin.password").exists()


def password(home):
    return (Path(home) / "admin.password").read_text()


def ask(session):
    datasets = session.get("dataset/")["result"]
    (dataset,) = (d["id"] for d in datasets if d["table_name"] != "about_release")
    filters = [{"col": c, "op": "==", "val": v} for c, v in JUDGED.items()]
    count = {"expressionType": "SQL", "sqlExpression": "count(*)", "label": "verdicts"}
    query = {"columns": ["release_id"], "metrics": [count], "filters": filters}
    context = {"datasource": {"id": dataset, "type": "table"}, "queries": [query]}

    def read(_):
        (row,) = session.post("chart/data", json=context)["result"][0]["data"]
        return row["release_id"], row["verdicts"]

    listed = session.get("dashboard/schools-against-targets/charts")["result"]
    charts = {chart["slice_name"]: session.rows(chart["id"]) for chart in listed}
    page = session.http.get(session.api.replace("api/v1", "login/"))
    more = {"charts": charts, "policy": page.headers["Content-Security-Policy"]}
    more["beside"] = beside(session)
    loop("Superset", version("apache-superset"), read, **more)


def beside(session):
    """Return what SQL Lab says to who asks for a restricted file by its path."""
    (database,) = (d["id"] for d in session.get("database/")["result"])
    file = Path(sys.argv[1]).resolve() / "partner/about_release.parquet"
    query = {"database_id": database, "sql": f"select * from '{file}'"}
    answer = session.http.post(f"{session.api}/sqllab/execute/", json=query, timeout=60)
    return answer.text


with TemporaryDirectory() as folder:
    main(folder)
