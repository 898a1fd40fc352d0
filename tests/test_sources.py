"""Sources on a network, of real servers on loopback: what comes, and what does not."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import boto3
import pytest
import yaml
from airflow.sdk import DAG
from airflow.sdk.execution_time.timeout import TimeoutPosix
from rich.console import Console
from tests import servers
from tests.conftest import FIXTURES, LANDED_AT, ROOT

from common_metrics import batching, pseudonyms, report, run
from common_metrics.contracts import sources
from common_metrics.contracts.loading import Contracts, load_contract
from common_metrics.contracts.model import Contract
from common_metrics.contracts.sources import Source, shown
from common_metrics.errors import ContractError
from common_metrics.fetching import clients, states, taking
from common_metrics.fetching import task as fetch_task
from common_metrics.fetching.states import Down, NotPublished, SourceRefused
from common_metrics.lake import Lake, sha256_of
from common_metrics.landing import receiving

KEY = "ct/graduation_4yr"
FOLDER = "ct_edsight/four-year-graduation-rates-school"
PLACE = f"{FOLDER}/grad.csv"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, int]]:
    """The files that nginx serves, and its ports of http and https."""
    place = tmp_path_factory.mktemp("web") / "nginx"
    with servers.nginx(place) as (http, https):
        yield place, http, https


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    place = tmp_path_factory.mktemp("ssh") / "sshd"
    with servers.sshd(place) as port:
        yield place, port


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[object, int]]:
    """A client of an S3 server with the bucket ``state``, and its port."""
    with servers.moto() as port:
        words = {"aws_access_key_id": "nobody", "aws_secret_access_key": "word"}
        address = f"http://127.0.0.1:{port}"
        client = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1", **words
        )
        client.create_bucket(Bucket="state")
        yield client, port


@pytest.fixture
def fetch(contracts, drop, lake) -> Callable[..., list[str]]:
    """Ask an address as a landing DAG does; return the files that are new."""

    def fetch(address: str, file: str = PLACE, most: int = 50_000, **of) -> list[str]:
        contract = with_source(contracts[KEY], most, address=address, file=file, **of)
        (one,) = contract.landing.asked
        client = clients.client_of(contract.key, one)
        return taking.Fetch(contract, one, client, drop, lake).run()

    return fetch


def with_source(contract: Contract, most: int, **of: object) -> Contract:
    change = {"sources": [Source(**of)], "max_bytes": most}
    landing = contract.landing.model_copy(update=change)
    return contract.model_copy(update={"landing": landing})


def state(lake: Lake, file: str = PLACE) -> dict:
    return states.known_of(KEY, lake)[file]


@pytest.fixture
def page(web, graduates) -> str:
    """The address of a file that nginx serves."""
    (web[0] / "files/grad.csv").write_bytes(graduates)
    return f"http://127.0.0.1:{web[1]}/grad.csv"


def test_a_file_comes_once_and_again_when_it_is_another(fetch, page, drop, lake, web):
    assert fetch(page) == [PLACE]
    there = (drop / PLACE).stat()
    first = state(lake)
    assert there.st_mode & 0o77 == 0 and first["state"] == "fetched"
    # A 304 brings nothing: not even the time of the fetch is another.
    assert fetch(page) == [] and state(lake)["files"] == first["files"]
    assert (drop / PLACE).stat().st_ctime_ns == there.st_ctime_ns
    file = web[0] / "files/grad.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    assert fetch(page) == [PLACE]
    assert sha256_of(drop / PLACE) == sha256_of(file)
    # What was taken away comes again, also where the publisher has nothing new.
    (drop / PLACE).unlink()
    assert fetch(page) == [PLACE] and fetch(page) == []
    assert [*(drop / ".fetching").iterdir()] == []


def test_what_is_not_changed_is_not_transferred(fetch, page, monkeypatch):
    fetch(page)
    written = []
    monkeypatch.setattr(clients.Incoming, "write", lambda _, block: written.append(1))
    assert fetch(page) == [] and not written


@pytest.mark.parametrize(
    ("path", "kind", "found"),
    [
        ("nothing", NotPublished, "HTTP status 404"),
        ("gone", NotPublished, "HTTP status 410"),
        ("closed", SourceRefused, "HTTP status 403"),
        ("own/grad.csv", SourceRefused, "HTTP status 401"),
        ("broken", Down, "HTTP status 500"),
        ("busy", Down, "HTTP status 429"),
        ("elsewhere", SourceRefused, "a redirect to http://localhost:"),
        ("round", SourceRefused, "expected at most 5 redirects. Found more"),
        ("portal", SourceRefused, "a web page"),
        ("slow/long.csv", Down, "Found"),
        ("long.csv", SourceRefused, "expected at most 50,000 bytes. Found more"),
    ],
)
def test_what_nginx_does_not_give(path, kind, found, fetch, page, drop, lake, web):
    size = 3_000 if "slow" in path else 60_000
    (web[0] / "files/long.csv").write_bytes(b"x" * size)
    with pytest.raises(kind) as told:
        fetch(page.replace("grad.csv", path), seconds=1)
    assert found in str(told.value) and str(told.value).startswith(KEY)
    assert state(lake)["state"] == kind.state
    assert told.value.wait == (7 if path == "busy" else None)
    assert [file for file in drop.rglob("*") if file.is_file()] == []


def test_what_is_known_of_one_address_is_not_asked_of_another(fetch, page, web, drop):
    """Two files of one size and second have one ETag."""
    for name in ("one", "two"):
        (web[0] / f"files/{name}.csv").write_text(name)
        os.utime(web[0] / f"files/{name}.csv", (1, 1))
    assert fetch(page.replace("grad", "one")) == [PLACE]
    assert fetch(page.replace("grad", "two")) == [PLACE]
    assert (drop / PLACE).read_text() == "two"


def test_a_redirect_is_followed_and_its_secret_is_not_kept(fetch, page, drop, lake):
    assert fetch(page.replace("grad.csv", "moved")) == [PLACE]
    (file,) = state(lake)["files"].values()
    assert file["final_address"] == f"{page}?X-Signature=***"
    assert "of-a-redirect" not in lake.sources(KEY).read_text()


def test_a_host_may_answer_that_the_contract_names(fetch, page, web):
    hosts = [f"localhost:{web[1]}"]
    assert fetch(page.replace("grad.csv", "elsewhere"), hosts=hosts) == [PLACE]


def test_a_connection_has_the_user_and_no_other_host_gets_it(
    fetch, page, web, monkeypatch
):
    user = {"conn_type": "http", "login": "reader", "password": "word of a reader"}
    monkeypatch.setenv("AIRFLOW_CONN_READER", json.dumps(user))
    own = page.replace("grad.csv", "own/grad.csv")
    assert fetch(own, conn_id="reader") == [PLACE]
    hosts = [f"localhost:{web[1]}"]
    with pytest.raises(SourceRefused, match="HTTP status 401"):
        fetch(own.replace("own/", "to-own/"), conn_id="reader", hosts=hosts)
    with pytest.raises(SourceRefused, match="expected a connection nobody. Found none"):
        fetch(own, conn_id="nobody")


def test_a_certificate_must_fit(fetch, page, web, lake, monkeypatch):
    for host in ("localhost", "127.0.0.1"):
        with pytest.raises(SourceRefused, match="the certificate of the host"):
            fetch(f"https://{host}:{web[2]}/grad.csv")
    trusted = {"conn_type": "http", "extra": {"verify": str(web[0] / "cert.pem")}}
    monkeypatch.setenv("AIRFLOW_CONN_TRUSTED", json.dumps(trusted))
    address = f"https://localhost:{web[2]}/grad.csv"
    assert fetch(address, conn_id="trusted") == [PLACE]
    # Of another name than the one that it is of.
    with pytest.raises(SourceRefused, match="the certificate of the host"):
        fetch(address.replace("localhost", "127.0.0.1"), conn_id="trusted")
    with pytest.raises(SourceRefused, match="a redirect to http://"):
        hosts = [f"localhost:{web[1]}"]
        fetch(address.replace("grad.csv", "elsewhere"), conn_id="trusted", hosts=hosts)


@pytest.mark.parametrize(
    ("path", "found"), [("cut", "ProtocolError"), ("drip", "a file within 1 seconds")]
)
def test_half_a_file_is_never_there(path, found, fetch, drop, lake):
    with servers.faulty() as port, pytest.raises(Down, match=found):
        fetch(f"http://127.0.0.1:{port}/{path}", seconds=1)
    assert [file for file in drop.rglob("*") if file.is_file()] == []


def test_a_server_that_tells_nothing_of_its_file_is_read_each_time(fetch, drop):
    with servers.faulty() as port:
        assert fetch(f"http://127.0.0.1:{port}/x") == [PLACE]
        there = (drop / PLACE).stat()
        assert fetch(f"http://127.0.0.1:{port}/x") == []
        assert (drop / PLACE).stat().st_ino == there.st_ino
        assert fetch(f"http://127.0.0.1:{port}/chunks") == [PLACE]
    assert (drop / PLACE).read_bytes() == b"abcdefg"


@pytest.mark.parametrize(
    ("path", "kind", "found"),
    [
        ("empty", Down, "expected a file. Found 0 bytes"),
        ("nowhere", SourceRefused, "a redirect to none"),
        ("unasked", SourceRefused, "HTTP status 304"),
    ],
)
def test_an_answer_that_is_no_file(path, kind, found, fetch, drop, lake):
    """A file that came before stays."""
    (drop / PLACE).parent.mkdir(parents=True)
    (drop / PLACE).write_text("of yesterday")
    with servers.faulty() as port, pytest.raises(kind, match=found):
        fetch(f"http://127.0.0.1:{port}/{path}")
    assert state(lake)["state"] == kind.state
    assert (drop / PLACE).read_text() == "of yesterday"


@pytest.mark.parametrize("path", ["packed", "tags"])
def test_an_odd_answer_that_is_the_file(path, fetch, drop):
    """Packed though nobody asked for it; with another tag in each answer."""
    with servers.faulty() as port:
        assert fetch(f"http://127.0.0.1:{port}/{path}") == [PLACE]
        assert fetch(f"http://127.0.0.1:{port}/{path}") == []
    assert (drop / PLACE).read_bytes() == servers.Faulty.body


def test_heads_that_drip_leave_a_state(fetch, lake):
    """The time limit of the task is not lost in Airflow alone."""
    with servers.faulty() as port, TimeoutPosix(2), pytest.raises(Down):
        fetch(f"http://127.0.0.1:{port}/heads", seconds=1)
    assert state(lake)["state"] == "down"


def test_a_drop_folder_that_cannot_be_written_is_told(fetch, page, drop, lake):
    (drop / ".fetching").write_text("no folder")
    with pytest.raises(SourceRefused, match="a drop folder that can be written"):
        fetch(page)
    assert state(lake)["state"] == "refused" and str(drop) not in state(lake)["message"]


def test_nobody_answers(fetch, lake):
    with pytest.raises(Down, match="Found ConnectionError"):
        fetch(f"http://127.0.0.1:{servers.free_port()}/x.csv")


def test_a_state_has_a_beginning(lake, contracts, monkeypatch):
    contract = with_source(contracts[KEY], 1, address="https://a.org/x", file=PLACE)
    (one,) = contract.landing.asked
    for now, which, since in (
        ("1", "down", "1"),
        ("2", "down", "1"),
        ("3", "fetched", "3"),
    ):
        monkeypatch.setattr(states, "later", lambda _, now=now: now)
        assert states.note(KEY, one, lake, which)["since"] == since
        assert state(lake)["checked_at"] == now


def changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let the publisher change the file once, in the middle of its transfer."""
    write, once = clients.Incoming.write, [change]

    def writing(into: clients.Incoming, block: bytes) -> int:
        if once:
            once.pop()()
        return write(into, block)

    monkeypatch.setattr(clients.Incoming, "write", writing)


def test_a_file_of_http_that_changes_is_read_again(fetch, page, web, drop, monkeypatch):
    file = web[0] / "files/grad.csv"
    changing(monkeypatch, lambda: file.write_bytes(b"another, of another size\n"))
    with pytest.raises(Down, match="a file that changed while it was read"):
        fetch(page)
    assert not (drop / PLACE).exists() and fetch(page) == [PLACE]


def test_files_of_sftp(fetch, ssh, drop, lake, tmp_path, graduates, monkeypatch):
    place, port = ssh
    monkeypatch.setenv("AIRFLOW_CONN_STATE", servers.sftp_connection(place))
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", servers.sftp_connection(place, "other"))
    folder = tmp_path / "there"
    address, file = f"sftp://127.0.0.1:{port}{folder}/*.csv", f"{FOLDER}/{{name}}"
    both = {"file": file, "conn_id": "state"}
    with pytest.raises(NotPublished):
        fetch(address, **both)
    folder.mkdir()
    with pytest.raises(NotPublished, match="none of this name"):
        fetch(address, **both)
    for name in ("a.csv", "b.csv", "c.xls"):
        (folder / name).write_bytes(graduates)
    assert fetch(address, **both) == [f"{FOLDER}/a.csv", f"{FOLDER}/b.csv"]
    assert fetch(address, **both) == []
    changing(monkeypatch, lambda: (folder / "b.csv").write_bytes(b"half of it"))
    (folder / "b.csv").write_bytes(graduates + b"\n")
    with pytest.raises(Down, match="a file that changed while it was read"):
        fetch(address, **both)
    assert (drop / FOLDER / "b.csv").read_bytes() == graduates
    assert fetch(address, **both) == [f"{FOLDER}/b.csv"]
    with pytest.raises(SourceRefused, match="expected the host key"):
        fetch(address, file=file, conn_id="other")
    closed = address.replace(f":{port}", f":{servers.free_port()}")
    with pytest.raises(Down):
        fetch(closed, **both)


def test_a_full_disk_is_no_fault_of_the_publisher(fetch, page, drop, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(clients.Incoming, "write", full)
    with pytest.raises(SourceRefused, match="a drop folder that can be written.*space"):
        fetch(page)
    assert [file for file in drop.rglob("*") if file.is_file()] == []


def test_what_came_before_a_fault_is_seen(fetch, ssh, drop, tmp_path, monkeypatch):
    """Also in a run that listed its folder before."""
    monkeypatch.setenv("AIRFLOW_CONN_STATE", servers.sftp_connection(ssh[0]))
    monkeypatch.setattr(receiving, "LISTED", {})
    receiving.list_once(drop)
    for name, size in (("a.csv", 1), ("b.csv", 60_000)):
        (tmp_path / name).write_bytes(b"x" * size)
    with pytest.raises(SourceRefused, match="expected at most 50,000 bytes"):
        address = f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/*.csv"
        fetch(address, file=f"{FOLDER}/{{name}}", conn_id="state")
    assert receiving.LISTED[drop] == [f"{FOLDER}/a.csv"]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"key_file": "/nowhere/key"}, "keys that can be read"),
        ({"key_file": __file__}, "keys that can be read"),
        ({"host_key": "ssh-ed25519 hush"}, "keys that can be read"),
        ({"private_key": "hush", "key_file": ""}, "a usable connection wrong"),
        ({"host_key": None}, "the host key"),
    ],
)
def test_a_wrong_connection_is_no_file_to_wait_for(
    extra, expected, fetch, ssh, lake, monkeypatch
):
    wrong = json.loads(servers.sftp_connection(ssh[0]))
    wrong["extra"] = {k: v for k, v in (wrong["extra"] | extra).items() if v}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps(wrong))
    with pytest.raises(SourceRefused, match=f"expected {expected}") as told:
        fetch(f"sftp://127.0.0.1:{ssh[1]}/a.csv", conn_id="wrong")
    assert "hush" not in str(told.value) and state(lake)["state"] == "refused"


def test_an_authority_that_is_not_there_is_no_host_that_is_down(
    fetch, web, monkeypatch
):
    nowhere = {"conn_type": "http", "extra": {"verify": "/nowhere/ca.pem"}}
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", json.dumps(nowhere))
    with pytest.raises(SourceRefused, match="expected keys that can be read"):
        fetch(f"https://localhost:{web[2]}/grad.csv", conn_id="nowhere")


def test_a_user_of_sftp_is_refused(fetch, ssh, tmp_path, monkeypatch):
    stranger = json.loads(servers.sftp_connection(ssh[0]))
    stranger["extra"]["key_file"] = str(ssh[0] / "other")
    monkeypatch.setenv("AIRFLOW_CONN_STRANGER", json.dumps(stranger))
    with pytest.raises(SourceRefused, match="the user or its right is refused"):
        fetch(f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/a.csv", conn_id="stranger")


def test_files_of_s3(fetch, store, drop, lake, graduates, monkeypatch):
    client, port = store
    monkeypatch.setenv("AIRFLOW_CONN_STORE", servers.s3_connection(port))
    both = {"file": f"{FOLDER}/{{name}}", "conn_id": "store"}
    with pytest.raises(NotPublished):
        fetch("s3://state/2015/*.csv", **both)

    def deliver(name: str, content: bytes) -> None:
        client.put_object(Bucket="state", Key=f"2015/{name}", Body=content)

    for name in ("a.csv", "b.csv", "c.xls"):
        deliver(name, graduates)
    found = [f"{FOLDER}/a.csv", f"{FOLDER}/b.csv"]
    assert fetch("s3://state/2015/*.csv", **both) == found
    assert fetch("s3://state/2015/*.csv", **both) == []
    deliver("b.csv", graduates + b"\n")
    changing(monkeypatch, lambda: deliver("b.csv", b"half of it"))
    with pytest.raises(Down, match="a file that changed while it was read"):
        fetch("s3://state/2015/*.csv", **both)
    assert fetch("s3://state/2015/*.csv", **both) == [f"{FOLDER}/b.csv"]
    for missing in ("s3://state/2015/x.csv", "s3://nobody/x.csv"):
        with pytest.raises(NotPublished):
            fetch(missing, conn_id="store")


def test_two_patterns_of_one_folder_are_two_sources(
    fetch, store, lake, contracts, graduates, monkeypatch
):
    client, port = store
    monkeypatch.setenv("AIRFLOW_CONN_STORE", servers.s3_connection(port))
    both = {"file": f"{FOLDER}/{{name}}", "conn_id": "store"}
    addresses = [f"s3://state/two/{letter}*.csv" for letter in "ab"]
    for name in ("a1", "a2", "b1"):
        client.put_object(Bucket="state", Key=f"two/{name}.csv", Body=graduates)
    found = [fetch(address, **both) for address in addresses]
    assert [len(names) for names in found] == [2, 1]
    # What is known of the one is not what is known of the other.
    assert [fetch(address, **both) for address in addresses] == [[], []]
    two = [Source(address=address, **both) for address in addresses]
    landing = contracts[KEY].landing.model_copy(update={"sources": two})
    contract = contracts[KEY].model_copy(update={"landing": landing})
    assert [row[2] for row in states.rows([contract], lake)] == ["fetched", "fetched"]
    with DAG("of_the_test") as dag:
        fetch_task.fetch(contract)
    mapped = dag.get_task("fetch").op_kwargs_expand_input.value["file"]
    assert mapped == [f"{FOLDER}/a*.csv", f"{FOLDER}/b*.csv"]


def test_a_folder_of_s3_is_no_file_of_it(fetch, store, monkeypatch):
    client, port = store
    monkeypatch.setenv("AIRFLOW_CONN_STORE", servers.s3_connection(port))
    for name in ("", "a b.csv", "more/c.csv"):
        client.put_object(Bucket="state", Key=f"made/{name}", Body=b"x" * len(name))
    both = {"file": f"{FOLDER}/{{name}}", "conn_id": "store"}
    assert fetch("s3://state/made/*", **both) == [f"{FOLDER}/a b.csv"]
    with pytest.raises(SourceRefused, match="expected names one can see"):
        client.put_object(Bucket="state", Key="made/..", Body=b"x")
        fetch("s3://state/made/*", **both)


def test_a_user_of_s3_is_refused(fetch, store, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STORE", servers.s3_connection(store[1]))
    with servers.rights(store[1]):
        for name in ("a.csv", "*.csv"):
            with pytest.raises(SourceRefused, match="the user or its right is refused"):
                fetch(f"s3://state/2015/{name}", conn_id="store")


@pytest.mark.parametrize("name", ["a%20b.csv", "a*.csv"])
def test_a_name_may_have_a_blank(name, fetch, ssh, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STATE", servers.sftp_connection(ssh[0]))
    (tmp_path / "a b.csv").write_text("x")
    address = f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/{name}"
    came = fetch(address, file=f"{FOLDER}/{{name}}", conn_id="state")
    assert came == [f"{FOLDER}/a b.csv"]


def test_a_name_that_is_no_text_is_refused(fetch, ssh, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STATE", servers.sftp_connection(ssh[0]))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).touch()
    with pytest.raises(SourceRefused, match="expected names in UTF-8"):
        address = f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/*.csv"
        fetch(address, file=f"{FOLDER}/{{name}}", conn_id="state")


def test_a_name_that_cannot_be_seen_is_refused(fetch, ssh, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STATE", servers.sftp_connection(ssh[0]))
    (tmp_path / "a\u202e.csv").touch()
    with pytest.raises(SourceRefused, match="expected names one can see"):
        address = f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/*.csv"
        fetch(address, file=f"{FOLDER}/{{name}}", conn_id="state")


# What a contract may say


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Contract]:
    """Load a contract that names a source."""

    def changed(**source: object) -> Contract:
        rules = yaml.safe_load((ROOT / f"expectations/{KEY}.yml").read_text())
        rules["landing"]["sources"] = [{"file": PLACE, **source}]
        file = tmp_path / f"{KEY}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(rules))
        return load_contract(file, tmp_path)

    return changed


def test_a_sibling_asks_at_addresses_of_its_own(tmp_path):
    """One that names the same address would fetch the other extract's file."""
    place = tmp_path / "expectations"
    shutil.copytree(ROOT / "expectations", place)
    rules = yaml.safe_load((place / f"{KEY}.yml").read_text())
    rules["landing"]["sources"] = [
        {"address": f"https://state.example/{name}.csv", "file": f"{FOLDER}/{name}.csv"}
        for name in ("four-year", "rates")
    ]
    (place / f"{KEY}.yml").write_text(yaml.safe_dump(rules, sort_keys=False))
    sibling = load_contract(place / "ct/graduation_5yr.yml", place)
    (source,) = sibling.landing.sources
    assert source.address == "https://state.example/five-year.csv"
    assert len(load_contract(place / f"{KEY}.yml", place).landing.sources) == 2


def test_an_address_is_asked_for_each_year_that_is_due(changed):
    file, address = f"{FOLDER}/{{school_year}}.csv", "https://a.org/x?y={end_year}"
    asked = changed(address=address, file=file).landing.asked
    assert [one.year for one in asked] == [2011, 2012, 2013, 2014, 2015]
    assert asked[-1].address == "https://a.org/x?y=2015"
    assert asked[-1].file == f"{FOLDER}/2014-15.csv"
    assert len(changed(address=address, file=file, years=[2020]).landing.asked) == 1
    (one,) = changed(address="https://a.org/x.csv").landing.asked
    assert one.year is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"address": "ftp://a.org/x.csv"}, "give http, https, s3 or sftp, a host"),
        ({"address": "https://a.org:b/x"}, "Port could not be cast"),
        ({"address": "https:///x.csv"}, "give http, https, s3 or sftp, a host"),
        ({"address": "https://user:hush@a.org/x"}, "no user or password stands in it"),
        ({"address": "https://a.org/x?api_key=hush"}, "no secret stands in its query"),
        ({"address": "https://a.org/x\n.csv"}, "a blank, a control character"),
        ({"address": "sftp://a.org/*.csv"}, "sftp needs a connection"),
        ({"address": "s3://a/*/x.csv", "conn_id": "a"}, "its last part alone may be"),
        ({"address": "https://a.org/{year}.csv"}, "the marks are {end_year}"),
        ({"address": "https://a.org/{end_year}.csv"}, "two addresses fill"),
        ({"address": "https://a.org/x", "file": "other/x.csv"}, "no pattern of drop"),
        ({"address": "https://a.org/x", "file": "../x.csv"}, "no path below the drop"),
        ({"address": "https://a.org/x", "file": f"{FOLDER}/*.csv"}, "the marks are"),
        ({"adress": "https://a.org/x"}, "Did you mean 'address'?"),
        ({"address": "https://a.org/*.csv"}, "its last part alone may be"),
        ({"address": "sftp://a.org/out/", "conn_id": "a"}, "name a file, or a pattern"),
        ({"address": "s3://bucket", "conn_id": "a"}, "name a file, or a pattern"),
        ({"address": "s3://a:9/x.csv", "conn_id": "a"}, "endpoint_url"),
        ({"address": "https://a.org/x", "years": [2015]}, "no mark of a year"),
        ({"address": "https://a.org/x", "seconds": 0}, "greater than 0"),
        ({"address": "https://a.org/x", "hosts": ["https://b.org"]}, "should match"),
        (
            {"address": "https://a.org/x", "file": f"{FOLDER}/{{end_year}}.csv"},
            "one fills two files",
        ),
    ],
)
def test_an_address_that_does_not_hold_bars_its_contract(source, said, changed):
    with pytest.raises(ContractError) as told:
        changed(**source)
    assert said in str(told.value) and "hush" not in str(told.value)


def test_two_sources_fill_no_file_together():
    """Also where one of them has a pattern; but two may lie in one folder."""

    def files(*addresses: str) -> list[str]:
        both = {"file": "f/{name}", "conn_id": "a"}
        found = sources.asked([Source(address=a, **both) for a in addresses], [])
        return [one.file for one in found]

    assert files("https://a.org/x%20y.csv", "https://a.org/z.csv?x=1") == [
        "f/x y.csv",
        "f/z.csv",
    ]
    with pytest.raises(ValueError, match="two addresses fill"):
        files("sftp://a.org/*.csv", "s3://b/x.csv")


def test_an_address_is_shown_without_what_may_be_secret():
    address = "https://me:hush@a.org/x?year=2014-15&sig=hush&n=123456#hush"
    assert shown(address) == "https://a.org/x?year=2014-15&sig=***&n=***"


def test_a_shipped_contract_asks_nobody(contracts):
    assert [c.key for c in contracts.values() if c.landing.sources] == []


# Through Airflow

LAND = """
import json, os, sys
from pathlib import Path
from common_metrics.contracts import loading
from common_metrics.contracts.sources import Source
read, sources = loading.load_contract, json.loads(os.environ["SOURCES"])

def with_sources(file, root=loading.CONTRACTS):
    contract = read(file, root)
    asked = [Source(**each) for each in sources.get(contract.key, [])]
    landing = contract.landing.model_copy(update={"sources": asked})
    return contract.model_copy(update={"landing": landing})

loading.load_contract = with_sources
from common_metrics import run
from common_metrics.lake import Lake
lake, drop = Lake(Path(sys.argv[1])), Path(sys.argv[2])
with run._pool(lake, drop, []) as (start, _):
    from common_metrics.fetching import task
    task.PAUSE /= 20
    for key in sources:
        print(start(f"land_{key.replace('/', '_')}").result())
"""


@pytest.fixture
def land(lake, drop) -> Callable[..., list[str]]:
    """Run the landing DAGs of contracts with these sources; return their ends."""

    def land(sources: dict[str, list[dict]], **environment: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", LAND, str(lake.root), str(drop)],
            env=os.environ | {"SOURCES": json.dumps(sources)} | environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [line.split()[-1] for line in done.stdout.splitlines()]

    return land


def test_files_of_three_servers_land_as_those_of_the_drop_folder(
    web, ssh, store, land, lake, drop, tmp_path, contracts
):
    """The same bytes, the same receipts but for where they came from, the same rows."""
    files = {
        key: only(key) for key in (KEY, "us/edfacts_acgr", "nessc/school_crosswalk")
    }
    places = {key: place_of(contracts[key], files[key].name) for key in files}
    (web[0] / "files/three.csv").write_bytes(files[KEY].read_bytes())
    (tmp_path / "there").mkdir()
    (tmp_path / "there/three.csv").write_bytes(files["us/edfacts_acgr"].read_bytes())
    content = files["nessc/school_crosswalk"].read_bytes()
    store[0].put_object(Bucket="state", Key="three/three.csv", Body=content)
    addresses = {
        KEY: f"http://127.0.0.1:{web[1]}/three.csv",
        "us/edfacts_acgr": f"sftp://127.0.0.1:{ssh[1]}{tmp_path}/there/three.csv",
        "nessc/school_crosswalk": "s3://state/three/three.csv",
    }
    conn_ids = {"us/edfacts_acgr": "three_files", "nessc/school_crosswalk": "three_s3"}
    sources = {
        key: [{"address": addresses[key], "file": place, "conn_id": conn_ids.get(key)}]
        for key, place in places.items()
    }
    words = {"AIRFLOW_CONN_THREE_FILES": servers.sftp_connection(ssh[0])}
    words["AIRFLOW_CONN_THREE_S3"] = servers.s3_connection(store[1])
    assert land(sources, **words) == ["done"] * 3
    by_hand, other = Lake(tmp_path / "by_hand"), tmp_path / "drop_by_hand"
    for key, place in places.items():
        (other / place).parent.mkdir(parents=True)
        (other / place).write_bytes(files[key].read_bytes())
        for names in batching.new_batches(contracts[key], other, by_hand):
            batching.receive(contracts[key], other, names, by_hand, LANDED_AT)
    fetched, put = lake.all_recorded(), by_hand.all_recorded()
    assert len(put) == 3 and {d.status for d in put} == {"validated"}
    # Digests of bytes and of both files of rows are among what is compared.
    own = {"landed_at": "", "source": {}}
    assert [d.with_(**own) for d in fetched] == [d.with_(**own) for d in put]
    assert all(d.rows_sha256["validated"] for d in fetched)
    assert {d.source["address"] for d in fetched} == {*addresses.values()}
    assert all(d.source.get("etag") or d.source.get("modified") for d in fetched)
    # Nothing of it is new to a second run.
    assert land(sources, **words) == ["done"] * 3
    assert lake.all_recorded() == fetched
    assert sorted(tries(lake)) == 3 * [("skipped", 1)] + 3 * [("success", 1)]


def tries(lake: Lake) -> list[tuple[str, int]]:
    """How each task fetch ended, and at which try."""
    asked = "select state, try_number from task_instance where task_id = 'fetch'"
    with closing(sqlite3.connect(lake.root / "airflow/airflow.db")) as con:
        return con.execute(f"{asked} order by start_date, map_index").fetchall()


def test_two_states_alarm_and_the_others_do_not(
    web, page, land, lake, drop, contracts, monkeypatch
):
    (web[0] / "files/other.csv").write_text("Town,Snow\nHill,3\n")
    paths = ("grad.csv", "nothing", "busy", "lost", "other.csv", "closed")
    base, hosts = page.removesuffix("grad.csv"), ["127.0.0.1:9"]
    sources = [
        {"address": base + path, "file": f"{FOLDER}/{n}.csv", "hosts": hosts}
        for n, path in enumerate(paths)
    ]
    assert land({KEY: sources}) == ["failed"]
    # A 429 is asked again when it said so: before, a try would be skipped, the second.
    skipped = [("skipped", n) for n in (1, 3, 3)]
    ended = [("success", 1), *skipped, ("success", 1), ("failed", 1)]
    assert sorted(tries(lake)) == sorted(ended)
    # What came is landed, whatever became of the others.
    records = {Path(d.file).stem: d.status for d in lake.all_recorded()}
    assert records == {"0": "validated", "4": "refused"}
    landing = contracts[KEY].landing.model_copy(
        update={"sources": [Source(**each) for each in sources]}
    )
    contract = contracts[KEY].model_copy(update={"landing": landing})
    rows = [*states.rows([contract], lake)]
    known = ["fetched", "not published", "down", "down", "changed", "refused"]
    assert [row[2] for row in rows] == known
    (alarm,) = states.alarms(contract, lake).values()
    assert alarm.startswith(f"{KEY} {base}closed: expected a file. Found HTTP")
    asking = Contracts({KEY: contract})
    asking.barred = {}
    monkeypatch.setattr(report, "load_contracts", lambda: asking)
    console = Console(file=StringIO(), width=300)
    assert report.report(console, lake, drop, []) == 1
    printed = console.file.getvalue()
    assert f"source: {alarm}" in printed and f"refused: {KEY} {FOLDER}/4.csv" in printed
    assert all(f"{state} " in printed for state in known)
    for file in lake.root.rglob("*"):
        assert not file.is_file() or b"of-a-redirect" not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        *(("7", 7), ("9" * 400, 86_400), ("soon", None), ("", None)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 21 Oct 2095 07:28:00 GMT", 86_400),
    ],
)
def test_a_source_says_when_to_ask_again(after, wait):
    assert clients._wait(after) == wait


def test_who_asked_to_be_left_alone_is(lake, contracts):
    contract = with_source(contracts[KEY], 1, address="https://a.org/x", file=PLACE)
    (one,) = contract.landing.asked
    for wait, is_to_wait in ((None, False), (0, False), (3600, True)):
        states.note(KEY, one, lake, "down", not_before=states.later(wait))
        assert states.is_to_wait(KEY, one, lake) == is_to_wait
    # Another address for the same file did not ask for it.
    assert not states.is_to_wait(KEY, one._replace(address="https://b.org/x"), lake)


def test_files_of_students_are_not_fetched_without_a_key(contracts, drop, monkeypatch):
    monkeypatch.delenv(pseudonyms.VARIABLE)
    contract = contracts["nessc/student_enrollment"]
    receiving.require_key([contract], drop)
    file = contract.landing.drop[0].replace("*", "x")
    with pytest.raises(pseudonyms.KeyMissing):
        asks = with_source(contract, 1, address="https://a.org/x", file=file)
        receiving.require_key([asks], drop)


def test_a_run_asks_sources_though_no_file_is_new(lake, drop, contracts, monkeypatch):
    asks = with_source(contracts[KEY], 1, address="https://a.org/x", file=PLACE)
    both = {KEY: asks, "ct/sat": contracts["ct/sat"]}
    begun = []

    def begin(_: Lake, __: Path, order: list[str]) -> None:
        begun.extend(order)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "load_contracts", lambda: both)
    monkeypatch.setattr(run, "_pool", begin)
    with pytest.raises(KeyboardInterrupt):
        run._run_dags(Console(file=StringIO()), lake, drop)
    assert begun == [KEY]


def test_a_source_that_is_down_for_long_is_an_alarm(fetch, lake, contracts):
    address = f"http://127.0.0.1:{servers.free_port()}/x.csv"
    for days, alarms in ((3, 0), (-1, 1)):
        with pytest.raises(Down):
            fetch(address, days=days)
        contract = with_source(
            contracts[KEY], 1, address=address, file=PLACE, days=days
        )
        assert len(states.alarms(contract, lake)) == alarms


def only(key: str) -> Path:
    wanted = "all-schools_all-students_grad" if key == KEY else ""
    return next(f for f in (FIXTURES / key).glob("*.csv") if wanted in f.name)


def place_of(contract: Contract, name: str) -> str:
    return (Path(contract.landing.drop[0]).parent / name).as_posix()
