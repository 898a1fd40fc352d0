"""SQLAlchemy with duckdb-engine: one engine for good, a connection for each query."""

from importlib.metadata import version

import sqlalchemy as sa
from reading import RELEASE, VERDICTS, loop

engine = None


def read(folder):
    global engine
    if engine is None:
        settings = "access_mode=read_only&enable_external_access=false"
        url = f"duckdb:///{folder}/public.duckdb?{settings}"
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        # Browsing is what BI tools do first; with SQLAlchemy 2.1 it fails.
        names = sa.inspect(engine).get_columns("school_target_status")
        assert "verdict" in {column["name"] for column in names}
    with engine.connect() as con:
        release = con.execute(sa.text(RELEASE)).scalar_one()
        return release, con.execute(sa.text(VERDICTS)).scalar_one()


loop("SQLAlchemy, NullPool", f"{sa.__version__}, {version('duckdb-engine')}", read)
