"""Objects in a bucket are read and published as files are: once and whole, whoever is killed or wakes up late."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.connectors.errors import Denied, Misconfigured, NotFound
from shared.connectors.files.driver import ConnectorDriver
from shared.connectors.files.objects import Objects
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets import Column
from shared.datasets.buckets import Access, Bucket, BucketDenied, BucketUnavailable
from shared.engines.duckdb.rows import DuckRows
from shared.errors import PenstockError
from tests.support.buckets import KEY, SECRET, Store
from tests.support.formats import read, read_as, rows, write

_numbers = itertools.count(1)


@pytest.fixture
def bucket(s3: Store) -> str:
    return s3.bucket(f"files-{next(_numbers)}")


@pytest.fixture
def config(s3: Store, bucket: str) -> dict[str, Any]:
    return {"root": f"s3://{bucket}/deep/root", **s3.config}


@pytest.fixture
def put(s3: Store, bucket: str) -> Callable[[str, bytes], None]:
    def put(path: str, body: bytes) -> None:
        s3.client.put_object(Bucket=bucket, Key=f"deep/root/{path}", Body=body)

    return put


Put = Callable[[str, bytes], None]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.bz2", "jsonl", "json", "parquet", "avro", "xlsx"])
def test_every_format_is_read_from_a_bucket(tmp_path: Path, config: dict[str, Any], put: Put, ending: str) -> None:
    packed = {"gz": "gzip", "bz2": "bz2"}.get(ending.split(".")[-1])
    write(
        tmp_path,
        "t",
        "SELECT range AS n, 'text ' || range AS t FROM range(1000)",
        ending.split(".")[0],
        **({"compression": packed} if packed else {}),
    )
    put(f"in/a b ü[1].{ending}", (tmp_path / "t").read_bytes())
    outcome = read(tmp_path, f"in/a b ü[[]1].{ending}", connector=config)
    assert rows(outcome) == [(n, f"text {n}") for n in range(1000)]


def test_bad_lines_in_a_bucket_are_rejected_with_their_numbers(tmp_path: Path, config: dict[str, Any], put: Put) -> None:
    put("a.csv.gz", gzip.compress(b'n,t\n1,"two\nlines"\nx,y\n'))
    put("a.jsonl", b'{"n": 1}\n\n{"n": \n')
    columns = [["n", "BIGINT", True], ["t", "TEXT", True]]
    for file, line, position in (("a.csv.gz", "x,y", 4), ("a.jsonl", '{"n": ', 3)):
        outcome = read_as(tmp_path, {"path": file}, columns if "csv" in file else columns[:1], config)
        ((record, at),) = duckdb.sql(f"SELECT original_record, position FROM '{outcome.rejects[0].uri}'").fetchall()
        assert (json.loads(record), at) == ({"file": file, "line": line}, position)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "x/c.csv", "x/y/d.csv"]),
        ("x/*.csv", ["x/c.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("[!a].csv", ["b.csv"]),
        ("x/?.csv", ["x/c.csv"]),
        ("x/**", ["x/c.csv", "x/y/d.csv"]),
    ],
)
def test_globs_mean_what_they_mean_in_a_folder(config: dict[str, Any], put: Put, pattern: str, expected: list[str]) -> None:
    for path in ("a.csv", "b.csv", "x/c.csv", "x/y/d.csv", ".penstock/z.csv", "note.txt"):
        put(path, b"n\n1\n")
    root = Objects(config["root"], Access(config["endpoint"], config["region"], KEY, SECRET))
    assert [root.relative(file) for file in root.matching(pattern)] == expected


@pytest.mark.parametrize("path", ["../other.csv", "/etc/passwd", "a/../../b.csv", "../*.csv"])
def test_no_path_leaves_the_prefix(config: dict[str, Any], put: Put, path: str) -> None:
    put("a.csv", b"n\n1\n")
    with pytest.raises(Denied, match="leaves"):
        ConnectorDriver(config).survey("source", {"path": path})


def test_what_is_not_there_is_told_with_what_is_near(config: dict[str, Any], put: Put) -> None:
    put("orders.csv", b"n\n1\n")
    with pytest.raises(NotFound, match=r"orders\.csv"):
        ConnectorDriver(config).survey("source", {"path": "order.csv"})
    with pytest.raises(PenstockError, match="NoSuchBucket"):
        ConnectorDriver(config | {"root": "s3://nowhere-at-all"}).survey("source", {"path": "a.csv"})


def test_a_store_that_does_not_answer_may_be_asked_again_and_shows_no_secret(config: dict[str, Any]) -> None:
    with pytest.raises(BucketUnavailable) as caught:
        ConnectorDriver(config | {"endpoint": "http://127.0.0.1:9"}).survey("source", {"path": "a.csv"})
    assert caught.value.retryable
    assert SECRET not in str(caught.value)


def test_an_object_that_changes_while_it_is_read_is_not_passed_on(config: dict[str, Any], put: Put) -> None:
    root = Objects(config["root"], Access(config["endpoint"], config["region"], KEY, SECRET))
    put("a.csv", b"n\n1\n")
    files = root.matching("a.csv")
    before = root.marker(files)
    put("a.csv", b"n\n2\n")
    assert root.marker(files) != before


def test_a_stream_of_an_object_seeks_and_is_of_one_version(s3: Store, bucket: str) -> None:
    body = bytes(range(256)) * 20_000
    s3.client.put_object(Bucket=bucket, Key="k", Body=body)
    found = Bucket(f"s3://{bucket}", Access(s3.endpoint, "eu-central-1", KEY, SECRET))
    with found.open("k") as stream:
        assert stream.read(1000) == body[:1000]
        stream.seek(-5, 2)
        assert stream.read() == body[-5:]
        stream.seek(3_000_000)
        assert stream.read(10) == body[3_000_000:3_000_010]
        s3.client.put_object(Bucket=bucket, Key="k", Body=body[::-1])
        stream.seek(0)
        with pytest.raises(PenstockError, match="not what it was"):
            stream.read(10)


COLUMNS = (Column("t", "TEXT"),)


def write_of(target: str, mode: str = "OVERWRITE", **options: Any) -> SinkWrite:
    return SinkWrite("out", target, (*COLUMNS, Column("u", "TEXT")), mode, (), (), options)


def opened(config: dict[str, Any], write: SinkWrite, epoch: int = 1, rerun: int = 0, run: str = "run") -> SinkSession:
    return ConnectorDriver(config).open_sink(AttemptKey("default", run, 3, epoch, rerun, ("out",)), (write,))


def texts(scratch: Path, *values: str) -> DuckRows:
    listed = ", ".join(f"('{value}')" for value in values)
    return DuckRows(duckdb.connect(), f"SELECT t, t || '!' AS u FROM (VALUES {listed}) AS v (t)", str(scratch))


def published(s3: Store, bucket: str) -> dict[str, str]:
    return {
        key.removeprefix("deep/root/"): s3.client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        for key in s3.keys(bucket)
        if "/.penstock/" not in key
    }


def unfinished(s3: Store, bucket: str) -> int:
    return len(s3.client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def test_nothing_is_seen_before_the_commit_and_everything_after_it(tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]) -> None:
    write = write_of("a/out.csv")
    session = opened(config, write)
    assert session.write(write, texts(tmp_path, "x", "y"))["rowsInserted"] == 2
    assert published(s3, bucket) == {}
    assert session.commit({"epoch": 1}) == {"epoch": 1}
    assert published(s3, bucket) == {"a/out.csv": "t,u\nx,x!\ny,y!\n"}
    assert opened(config, write, epoch=2).adopted == {"epoch": 1}
    assert unfinished(s3, bucket) == 0


def test_of_two_attempts_the_first_to_commit_stands_and_the_other_leaves_nothing(
    tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]
) -> None:
    write = write_of("out.csv")
    slow, quick = opened(config, write, epoch=1), opened(config, write, epoch=2)
    slow.write(write, texts(tmp_path, "slow"))
    quick.write(write, texts(tmp_path, "quick"))
    assert slow.commit({"epoch": 1}) == {"epoch": 1}
    assert quick.commit({"epoch": 2}) == {"epoch": 1}
    assert published(s3, bucket) == {"out.csv": "t,u\nslow,slow!\n"}
    assert unfinished(s3, bucket) == 0
    assert [key for key in s3.keys(bucket) if key.endswith(".uploads")] == []


def test_a_death_between_commit_and_publishing_is_made_good_by_the_next_attempt(
    tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]
) -> None:
    write = write_of("out.csv")
    dead = opened(config, write)
    dead.write(write, texts(tmp_path, "x"))
    journal = {
        "by": dead._me,
        "outcome": {"epoch": 1},
        "uploads": [{"key": u.key, "id": u.id, "parts": u.parts} for u in dead._uploads],
        "removed": [],
    }  # type: ignore[attr-defined]
    s3.client.put_object(Bucket=bucket, Key=dead._journal, Body=json.dumps(journal).encode())  # type: ignore[attr-defined]
    assert opened(config, write, epoch=2).adopted == {"epoch": 1}
    assert published(s3, bucket) == {"out.csv": "t,u\nx,x!\n"}
    # Others wrote since: who comes later still must not put the old object back.
    other = opened(config, write, run="later")
    other.write(write, texts(tmp_path, "new"))
    other.commit({})
    opened(config, write, epoch=3)
    assert published(s3, bucket) == {"out.csv": "t,u\nnew,new!\n"}


def test_an_attempt_that_died_before_its_commit_leaves_nothing_once_the_next_has_committed(
    tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]
) -> None:
    write = write_of("out", "INSERT", format="csv")
    opened(config, write).write(write, texts(tmp_path, "dead"))
    assert unfinished(s3, bucket) == 1
    session = opened(config, write, epoch=2)
    session.write(write, texts(tmp_path, "x"))
    session.commit({})
    assert published(s3, bucket) == {"out/part-run-out-0-0.csv": "t,u\nx,x!\n"}
    assert unfinished(s3, bucket) == 0


def test_partitions_are_added_and_replaced_as_a_whole(tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]) -> None:
    for rerun, mode, value in ((0, "INSERT", "a/ü"), (1, "INSERT", "b"), (2, "OVERWRITE", "c")):
        write = write_of("out", mode, format="json", partitionBy=["t"])
        session = opened(config, write, rerun=rerun)
        session.write(write, texts(tmp_path, value))
        session.commit({})
        keys = sorted(published(s3, bucket))
        if rerun == 1:
            assert keys == ["out/t=a%2F%C3%BC/part-run-out-0-0.json", "out/t=b/part-run-out-1-0.json"]
    assert keys == ["out/t=c/part-run-out-2-0.json"]
    assert json.loads(published(s3, bucket)[keys[0]]) == [{"t": "c", "u": "c!"}]


def test_of_two_overwrites_of_a_folder_the_one_that_commits_later_stands_alone(
    tmp_path: Path, s3: Store, bucket: str, config: dict[str, Any]
) -> None:
    write = write_of("out", format="csv", partitionBy=["t"])
    one, two = (opened(config, write, run=run) for run in ("one", "two"))
    one.write(write, texts(tmp_path, "a", "b"))
    two.write(write, texts(tmp_path, "b", "c"))
    one.commit({})
    two.commit({})
    assert sorted(published(s3, bucket)) == ["out/t=b/part-two-out-0-0.csv", "out/t=c/part-two-out-0-0.csv"]


def test_a_path_that_is_a_folder_and_one_that_is_a_file_are_kept_apart(tmp_path: Path, config: dict[str, Any], put: Put) -> None:
    put("out/a.csv", b"n\n")
    for refused in (write_of("out", format="csv"), write_of("out/a.csv", "INSERT", format="csv")):
        with pytest.raises(Misconfigured, match="out"):
            opened(config, refused).write(refused, texts(tmp_path, "x"))


def test_half_a_credential_is_refused_and_none_at_all_is_told(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured, match="only one of"):
        ConnectorDriver({key: value for key, value in config.items() if key != "secretAccessKey"}).survey("source", {"path": "a"})
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bare = {key: value for key, value in config.items() if not key.endswith("Key") and key != "accessKeyId"}
    with pytest.raises(BucketDenied, match="credentials"):
        ConnectorDriver(bare).survey("source", {"path": "a.csv"})
