"""``make superset``: Superset on loopback, with the dashboard over one published file.

``serve.py HOME public.duckdb [--port N]`` prints the address; the password of the user
``admin`` is made anew in HOME, with everything else, and is gone when it ends. Runs
until it is stopped.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
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
        raise Refused(
            "superset, LAKE", "a release", "none", "Make one with `make run`."
        )
    # Held from here on: whoever else answered there would be sent the password.
    listener = listen(args.port)
    args.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What the last run left was made with a key that is gone.
    (args.home / "superset.db").unlink(missing_ok=True)
    os.environ["SUPERSET_HOME"] = str(args.home.resolve())
    os.environ["SUPERSET_SECRET_KEY"] = secrets.token_urlsafe(42)
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")
    password = secrets.token_urlsafe(16)
    prepare(password)
    # Python would end at once and leave server and password behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        (args.home / PASSWORD).write_text(password)
        with serving(listener) as server:
            show(args, password)
            server.wait()
    finally:
        (args.home / PASSWORD).unlink(missing_ok=True)


def show(args: Namespace, password: str) -> None:
    """Import database and dashboard, and print where they are."""
    url = f"http://127.0.0.1:{args.port}"
    session = Session(url, password)
    session.add_database(args.file)
    session.add_dashboard(args.file)
    print(f"{url}/superset/dashboard/schools-against-targets/", flush=True)
    print(f"user admin; the password is in {args.home / PASSWORD}", flush=True)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on the port of this machine alone, or refuse."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise Refused(
            f"superset, port {port}",
            "a free port",
            os.strerror(error.errno),
            "Stop what listens there, or choose another port with SUPERSET_PORT.",
        ) from error


def prepare(password: str) -> None:
    """Make Superset's own tables, roles and the user, in one process: it is slow."""
    from superset.cli.main import superset

    user = ["--username", "admin", "--firstname", "Admin", "--lastname", "here"]
    user += ["--email", "admin@localhost", "--password", password]
    for command in (["db", "upgrade"], ["init"], ["fab", "create-admin", *user]):
        superset.main(command, standalone_mode=False)


@contextmanager
def serving(listener: socket.socket) -> Iterator[subprocess.Popen]:
    """Serve on the socket; yield when it answers, and stop at the end."""
    command = [Path(sys.executable).with_name("gunicorn"), "superset.app:create_app()"]
    command += ["--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread"]
    command += ["--threads", "4", "--timeout", "120"]
    port = listener.getsockname()[1]
    # From elsewhere: the folder superset of this repository is not the package.
    home, handed = os.environ["SUPERSET_HOME"], [listener.fileno()]
    with listener:
        server = subprocess.Popen(command, cwd=home, pass_fds=handed)
    try:
        wait_for(server, port)
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_for(server: subprocess.Popen, port: int) -> None:
    """Return when Superset says that it is well; refuse where it does not."""
    for _ in range(120):
        try:
            health = f"http://127.0.0.1:{port}/health"
            requests.get(health, timeout=5).raise_for_status()
            return
        except requests.RequestException as error:
            found = error
            if server.poll() is not None:
                break
            time.sleep(0.5)
    raise Refused(
        f"superset, port {port}",
        "an answer from Superset",
        str(found),
        "Read what the server printed above.",
    )


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(told(main))
