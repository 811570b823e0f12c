"""Where stages hand rows over: a folder on this machine, or a prefix of a bucket, by one text: an absolute path or s3://bucket/prefix.

The folder of an attempt is `{staging}/{run}/{stage}/{epoch}/`, written by that attempt and nobody else. Who may use the bucket is said by
the variables, files and roles of AWS' own tools.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.datasets.buckets import SCHEME, Bucket


class LocalFolder:
    """Of one attempt, on this machine. A uri is what engines write to and read from: a path or a URL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:
            # `remove` has just taken an empty folder above it, of attempts before this one.
            self._folder.mkdir(parents=True, exist_ok=True)

    def uri(self, name: str) -> str:
        return str(self._folder / name)

    def size_bytes(self, uri: str) -> int:
        return Path(uri).stat().st_size

    def remove(self, uri: str) -> None:
        Path(uri).unlink()

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A path on this machine; the file that is there at the end, if one is, is the one called `name`."""
        self.make()
        yield self._folder / name


class BucketFolder:
    """Of one attempt, in a bucket; the same questions."""

    def __init__(self, bucket: Bucket, *under: str) -> None:
        self._bucket, self._under = bucket, under

    def make(self) -> None:
        return

    def uri(self, name: str) -> str:
        return self._bucket.url_of(self._bucket.key(*self._under, name))

    def size_bytes(self, uri: str) -> int:
        return self._bucket.size_bytes(self._bucket.key_of(uri)) or 0

    def remove(self, uri: str) -> None:
        self._bucket.delete([self._bucket.key_of(uri)])

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            path = Path(scratch) / name
            yield path
            if path.exists():
                self._bucket.complete(self._bucket.send(self._bucket.begin(self._bucket.key(*self._under, name)), path))


StagingFolder = LocalFolder | BucketFolder


def staging_folder(staging: str, run: str, stage: int, epoch: int) -> StagingFolder:
    """The folder that one attempt, and nobody else, writes into."""
    if in_bucket(staging):
        return BucketFolder(Bucket(staging), run, str(stage), str(epoch))
    return LocalFolder(Path(staging) / run / str(stage) / str(epoch))


def in_bucket(place: str) -> bool:
    return place.startswith(SCHEME)


def staging_of(uri: str) -> str:
    """The staging place of a staged file."""
    return uri.rsplit("/", 4)[0]


def size_bytes(uri: str) -> int | None:
    """Of a staged file; None where it is not there any more."""
    if in_bucket(uri):
        bucket = Bucket(staging_of(uri))
        return bucket.size_bytes(bucket.key_of(uri))
    try:
        return Path(uri).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def fetched(uri: str) -> Iterator[Path | None]:
    """A staged file on this machine, for as long as one is inside; None where it is not there any more."""
    if size_bytes(uri) is None:
        yield None
        return
    if not in_bucket(uri):
        yield Path(uri)
        return
    bucket = Bucket(staging_of(uri))
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
        path = Path(scratch) / "fetched"
        with bucket.open(bucket.key_of(uri)) as stream, path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
        yield path


def names(staging: str) -> list[str]:
    """Of the folders right in it: ids of runs, and whatever else lies there."""
    if in_bucket(staging):
        return list(Bucket(staging).folders())
    return [folder.name for folder in Path(staging).iterdir()] if Path(staging).is_dir() else []


def remove(staging: str, runs: Mapping[str, Mapping[int, int] | None]) -> None:
    """All that the attempts of those runs staged, finished or not: of each stage up to that epoch, or, for None, whatever is there."""
    bucket = Bucket(staging) if in_bucket(staging) else None
    for run, epochs in runs.items():
        if bucket is None:
            _remove_folders(Path(staging) / run, epochs)
            continue
        under = f"{bucket.key(run)}/"
        bucket.delete([item.key for item in bucket.items(under) if _is_old(item.key.removeprefix(under), epochs)])
        # What a killed attempt was just sending; nobody sees it, and it is paid for.
        for upload in bucket.uploads(under):
            if _is_old(upload.key.removeprefix(under), epochs):
                bucket.abort(upload)


def _remove_folders(of_run: Path, epochs: Mapping[int, int] | None) -> None:
    if epochs is None:
        shutil.rmtree(of_run, ignore_errors=True)
        return
    for of_stage in _inside(of_run):
        for of_attempt in _inside(of_stage):
            if _is_old(f"{of_stage.name}/{of_attempt.name}", epochs):
                _remove_whole(of_attempt)
        if not of_stage.name.isdecimal():
            _remove_whole(of_stage)
        # Where somebody has staged again meanwhile, they are not empty.
        with suppress(OSError):
            of_stage.rmdir()
    with suppress(OSError):
        of_run.rmdir()


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove_whole(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)


def _is_old(place: str, epochs: Mapping[int, int] | None) -> bool:
    """`place`: stage/epoch, and what is in it. What no attempt has written is old as well."""
    if epochs is None:
        return True
    stage, _, rest = place.partition("/")
    epoch = rest.partition("/")[0]
    if not (stage.isdecimal() and epoch.isdecimal()):
        return True
    return int(epoch) <= epochs.get(int(stage), 0)
