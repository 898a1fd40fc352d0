"""Superset's REST API, as far as a published file and its dashboard need it."""

import io
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import requests
import yaml

from common_metrics.errors import Refused

FILES = Path(__file__).parent / "dashboard"
DATABASE = yaml.safe_load((FILES / "databases/common_metrics.yaml").read_text())
DATASET = "datasets/common_metrics/school_target_status.yaml"
# Defined once, in dbt_project/models/semantic, and published with the numbers.
METRICS = """
    select semantic_metric, label, expression, description
    from semantic_metrics where table_name = 'school_target_status' order by all
"""


class Session:
    """A person who has logged in."""

    def __init__(self, url: str, password: str) -> None:
        self.api = f"{url}/api/v1"
        self.http = requests.Session()
        login = {"username": "admin", "password": password, "provider": "db"}
        token = self.post("security/login", json=login)["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        csrf = self.get("security/csrf_token/")["result"]
        self.http.headers["X-CSRFToken"] = csrf

    def get(self, path: str) -> dict[str, Any]:
        return self._answer("get", path)

    def post(self, path: str, **content: Any) -> dict[str, Any]:
        return self._answer("post", path, **content)

    def _answer(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        answer = self.http.request(method, f"{self.api}/{path}", **content, timeout=120)
        if not answer.ok:
            raise Refused(
                f"superset, {method} {path}",
                "success",
                f"{answer.status_code} {answer.text}",
                "Read what the server printed; its version must be that of "
                "superset/requirements.txt.",
            )
        return answer.json()

    def add_database(self, file: Path) -> None:
        """Connect Superset with ``public.duckdb``, closed to all other files."""
        made = ("uuid", "database_name", "expose_in_sqllab", "allow_dml")
        settings = DATABASE["sqlalchemy_uri"].partition("?")[2]
        uri = f"duckdb:///{file.absolute()}?{settings}"
        fields = {name: DATABASE[name] for name in made}
        self.post("database/", json={**fields, "sqlalchemy_uri": uri})

    def add_dashboard(self, file: Path) -> None:
        """Import the files beside this one, with the metrics that ``file`` defines."""
        upload = {"formData": ("dashboard.zip", zipped(metrics(file)))}
        self.post("dashboard/import/", files=upload, data={"overwrite": "true"})

    def rows(self, chart: int) -> list[dict[str, Any]]:
        """Return what a saved chart shows."""
        return self.get(f"chart/{chart}/data/")["result"][0]["data"]


def metrics(file: Path) -> list[dict[str, str]]:
    """Return the metrics of the dataset, as the published file defines them."""
    with duckdb.connect(str(file), read_only=True) as con:
        found = con.execute(METRICS).fetchall()
    names = ("metric_name", "verbose_name", "expression", "description")
    return [dict(zip(names, row, strict=True)) for row in found]


def zipped(metrics: list[dict[str, str]]) -> bytes:
    """Return the files as Superset's own export would pack them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(FILES.rglob("*.yaml")):
            name = file.relative_to(FILES).as_posix()
            text = file.read_text()
            if name == DATASET:
                text = yaml.safe_dump({**yaml.safe_load(text), "metrics": metrics})
            archive.writestr(f"dashboard/{name}", text)
    return content.getvalue()
