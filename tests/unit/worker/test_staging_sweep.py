"""What the staging sweep removes, and what is not its own, however late it comes to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from runs_for_tests import stage, start_run

from services.scheduler.settings import Settings
from services.scheduler.staging import _done, sweep
from shared.datasets import staging
from shared.dispatch import claims, results
from shared.engines.work import Outcome
from shared.store.database import Database
from shared.store.identifiers import new_id
from tests.support.buckets import Store


@pytest.fixture
def settings(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for variable, value in (("DATABASE_URL", database.url), ("REDIS_URL", "redis://127.0.0.1:1/0"), ("STAGING_URL", str(tmp_path))):
        monkeypatch.setenv(f"PENSTOCK_{variable}", value)
    return Settings.from_environment()


def staged(place: str, run: str, number: int, epoch: int) -> Path:
    folder = Path(place) / run / str(number) / str(epoch)
    folder.mkdir(parents=True)
    (folder / "n1.parquet").write_text("rows")
    return folder


def ended_run(database: Database) -> str:
    run, (message,) = start_run(database, stage(1))
    with database.transaction() as tx:
        claim = claims.claim(tx, message, worker="w", boot=new_id(), lease=timedelta(seconds=30))
        assert claim is not None
        results.complete(tx, claim, Outcome(epoch=1, figures={}), duration_ms=1, peak_memory_bytes=None)
        tx.execute("UPDATE runs SET finished_at = finished_at - interval '1 year' WHERE id = %s", (run,))
    return run


def test_what_an_ended_run_staged_goes_with_all_its_folders(database: Database, settings: Settings) -> None:
    run = ended_run(database)
    staged(settings.staging, run, 1, 1)
    (Path(settings.staging) / run / "litter").touch()
    assert sweep(database, settings) == 1
    assert not (Path(settings.staging) / run).exists()


def test_what_a_run_stages_after_it_was_marked_and_asked_for_again_stays(database: Database, settings: Settings) -> None:
    run = ended_run(database)
    old = staged(settings.staging, run, 1, 1)
    with database.transaction() as tx:
        done = _done(tx, [run], settings)
    # Meanwhile somebody asked for it again: the next epoch, and a stage that was not there before.
    again, new = staged(settings.staging, run, 1, 2), staged(settings.staging, run, 2, 1)
    staging.remove(settings.staging, done)
    assert not old.exists()
    assert [list(folder.iterdir()) != [] for folder in (again, new)] == [True, True]


def test_the_same_in_a_bucket(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in s3.environment.items():
        monkeypatch.setenv(variable, value)
    bucket = s3.bucket("swept")
    for key in ("r/1/1/a.parquet", "r/1/2/a.parquet", "r/2/1/a.parquet", "gone/1/7/a.parquet"):
        s3.client.put_object(Bucket=bucket, Key=f"here/{key}", Body=b"x")
    s3.client.create_multipart_upload(Bucket=bucket, Key="here/r/1/1/b.parquet")
    going_on = s3.client.create_multipart_upload(Bucket=bucket, Key="here/r/1/2/b.parquet")["UploadId"]
    staging.remove(f"s3://{bucket}/here", {"r": {1: 1}, "gone": None})
    assert s3.keys(bucket) == ["here/r/1/2/a.parquet", "here/r/2/1/a.parquet"]
    assert [one["UploadId"] for one in s3.client.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [going_on]
