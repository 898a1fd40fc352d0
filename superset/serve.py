"""``make superset``: Superset on loopback, with the dashboard over one published file.

``serve.py HOME public.duckdb [--port N]`` prints the address; the password of the user
``admin`` is made anew in HOME, with everything else, and ends with it. Runs until it is
stopped.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests
from rest import Session

from common_metrics.errors import Asked, Refused, told

HERE = Path(__file__).parent
PASSWORD = "admin.password"


def main() -> None:
    parser = Asked(prog="serve")
    parser.add_argument("home", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=8088)
    args = parser.parse_args()
    if not args.file.exists():
        raise Refused(args.file.name, "a release", "none", "Run `make run` first.")
    args.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What the last run left was made with a key that is gone.
    (args.home / "superset.db").unlink(missing_ok=True)
    os.environ["SUPERSET_HOME"] = str(args.home.resolve())
    os.environ["SUPERSET_SECRET_KEY"] = secrets.token_urlsafe(42)
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")
    password = secrets.token_urlsafe(16)
    prepare(password)
    (args.home / PASSWORD).write_text(password)
    server = start(args.port)
    # Python would end at once and leave the server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        url = f"http://127.0.0.1:{args.port}"
        session = Session(url, password)
        session.add_database(args.file)
        session.add_dashboard(args.file)
        where = f"{url}/superset/dashboard/schools-against-targets/"
        print(where, flush=True)
        print(f"user admin; the password is in {args.home / PASSWORD}", flush=True)
        server.wait()
    finally:
        server.terminate()
        server.wait()


def prepare(password: str) -> None:
    """Make Superset's own tables, roles and the user, in one process: it is slow."""
    from superset.cli.main import superset

    user = ["--username", "admin", "--firstname", "Admin", "--lastname", "here"]
    user += ["--email", "admin@localhost", "--password", password]
    for command in (["db", "upgrade"], ["init"], ["fab", "create-admin", *user]):
        superset.main(command, standalone_mode=False)


def start(port: int) -> subprocess.Popen:
    """Start the server; return it when it answers."""
    command = [Path(sys.executable).with_name("gunicorn"), "superset.app:create_app()"]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--threads", "4", "--timeout", "120"]
    # From elsewhere: the folder superset of this repository is not the package.
    server = subprocess.Popen(command, cwd=os.environ["SUPERSET_HOME"])
    for _ in range(120):
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
            return server
        except requests.RequestException:
            if server.poll() is not None:
                break
            time.sleep(0.5)
    server.terminate()
    raise Refused(
        "Superset",
        f"an answer on port {port}",
        "none",
        "Read what it printed above; SUPERSET_PORT= names another port.",
    )


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(told(main))
