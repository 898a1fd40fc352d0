"""Real servers on loopback, of this very user: nginx, sshd, moto, and bad ones."""

import contextlib
import getpass
import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

from tests.conftest import program

NGINX = """
daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {place}/t1; proxy_temp_path {place}/t2;
  fastcgi_temp_path {place}/t3; uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5;
  server {{
    listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;
    ssl_certificate {place}/cert.pem; ssl_certificate_key {place}/key.pem;
    root {place}/files;
    location = /gone {{ return 410; }}
    location = /closed {{ return 403; }}
    location = /broken {{ return 500; }}
    location = /busy {{ add_header Retry-After 7 always; return 429; }}
    location = /moved {{ return 302 /grad.csv?X-Signature=of-a-redirect; }}
    location = /elsewhere {{ return 302 http://localhost:{http}/grad.csv; }}
    location = /to-own/grad.csv {{ return 302 http://localhost:{http}/own/grad.csv; }}
    location = /lost {{ return 302 http://127.0.0.1:9/x?X-Signature=of-a-redirect; }}
    location = /round {{ return 302 /round; }}
    location = /portal {{ return 302 /login; }}
    location = /login {{ default_type text/html; return 200 "<!-- x --><html>"; }}
    location /slow/ {{ alias {place}/files/; limit_rate 200; }}
    location /own/ {{
      alias {place}/files/; auth_basic own; auth_basic_user_file {place}/users;
    }}
  }}
}}
"""
SSHD = """
ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host
AuthorizedKeysFile {place}/user.pub
PidFile {place}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(port: int, *command: object, **environment: str) -> Iterator[None]:
    """A server of its own process, from when it answers until it has ended."""
    started = subprocess.Popen(
        [str(word) for word in command],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            assert started.poll() is None, f"{command} ended"
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        started.terminate()
        started.wait(timeout=60)


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


@contextmanager
def nginx(place: Path) -> Iterator[tuple[int, int]]:
    """Serve ``place``/files; yield the ports of http and of https."""
    (place / "files").mkdir(parents=True)
    _run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", place / "key.pem", "-out", place / "cert.pem"),
    )
    (place / "users").write_text("reader:{PLAIN}word of a reader\n")
    http, https = free_port(), free_port()
    config = place / "nginx.conf"
    config.write_text(NGINX.format(place=place, http=http, https=https))
    with running(http, _server("nginx"), "-p", place, "-c", config):
        yield http, https


@contextmanager
def sshd(place: Path) -> Iterator[int]:
    """Serve all files to this user's key; yield the port."""
    place.mkdir()
    for name in ("host", "user", "other"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name)
    with contextlib.suppress(PermissionError):
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd of root shuts itself in
    port, config = free_port(), place / "config"
    config.write_text(SSHD.format(place=place, port=port))
    with running(port, _server("sshd"), "-D", "-f", config):
        yield port


@contextmanager
def moto() -> Iterator[int]:
    """A server of S3 that forgets all; yield the port."""
    port = free_port()
    command = ("-m", "moto.server", "-H", "127.0.0.1", "-p", port)
    with running(port, sys.executable, *command):
        yield port


@contextmanager
def rights(port: int) -> Iterator[None]:
    """Let moto enforce rights: nobody has any."""
    address = f"http://127.0.0.1:{port}/moto-api/reset-auth"

    def free_actions(count: bytes) -> None:
        urlopen(Request(address, count, {"Content-Type": "text/plain"})).close()

    free_actions(b"0")
    try:
        yield
    finally:
        free_actions(b"inf")


def _server(name: str) -> str:
    """The path of a server, which Debian puts where not every user looks."""
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    return program(name)


def sftp_connection(place: Path, host_key: str = "host") -> str:
    kind, key = (place / f"{host_key}.pub").read_text().split()[:2]
    extra = {"key_file": str(place / "user"), "host_key": f"{kind} {key}"}
    extra |= {"look_for_keys": "false"}
    login = getpass.getuser()
    return json.dumps({"conn_type": "sftp", "login": login, "extra": extra})


def s3_connection(port: int) -> str:
    extra = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
    both = {"login": "nobody", "password": "word-of-nobody"}
    return json.dumps({"conn_type": "aws", "extra": extra, **both})


class Faulty(BaseHTTPRequestHandler):
    """Answers that nginx does not give: cut, dripped, without anything that tells."""

    protocol_version = "HTTP/1.1"
    body = b"District,School\n"
    bodies = {
        "/chunks": b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
        "/packed": gzip.compress(body),
        "/empty": b"",
        "/drip": body * 30,
    }
    told = {
        "/cut": ("Content-Length", "1000"),
        "/chunks": ("Transfer-Encoding", "chunked"),
        "/packed": ("Content-Encoding", "gzip"),
        "/odd": ("Content-Encoding", "none-that-we-know"),
        "/nowhere": ("Location", "http://[nowhere"),
    }
    codes = {"/nowhere": 302, "/unasked": 304}

    def do_GET(self) -> None:
        self.close_connection = True
        self.send_response(self.codes.get(self.path, 200))
        if self.path in self.told:
            self.send_header(*self.told[self.path])
        if self.path == "/tags":
            self.send_header("ETag", f'"{time.time_ns()}"')
        if self.path == "/heads":
            self.flush_headers()
            self.drip(b"X-Drip: x\r\n" * 60)
        with contextlib.suppress(OSError):
            self.end_headers()
        body = self.bodies.get(self.path, self.body)
        self.drip(body, 0.1 if self.path == "/drip" else 0)

    def drip(self, body: bytes, pause: float = 0.1) -> None:
        with contextlib.suppress(OSError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(pause)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def faulty() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
