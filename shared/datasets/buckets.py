"""Objects in a bucket of S3, or of what speaks its language, as the rest of Penstock wants them: listed, read in streams, made once or not
at all, and uploaded in parts that nobody sees before they are completed.

boto3 is loaded when a bucket is first used. Who may do it is said by the connector, or by the variables and files of AWS' own tools.
"""

from __future__ import annotations

import io
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from shared.errors import ConfigurationError, UnavailableError, retry_after_s

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SCHEME = "s3://"
_STREAM_BUFFER_BYTES = 1 << 20
_LEAST_PART_BYTES = 16 << 20
# S3 takes 10,000 parts; a few are left for what was estimated too small.
_MOST_PARTS = 9_000
_DELETED_AT_ONCE = 1_000


class BucketUnavailable(UnavailableError):
    """The store did not answer, or not to the end."""

    code = "bucket_unavailable"
    retry_on = "connection"
    breaks = True


class BucketOverloaded(BucketUnavailable):
    """The store asks to be left alone for a while."""

    code = "bucket_overloaded"
    retry_on = "503"


class BucketDenied(ConfigurationError):
    code = "bucket_denied"


class NoSuchObject(ConfigurationError):
    """A bucket or an object that is not there."""

    code = "bucket_not_found"


class ObjectChanged(UnavailableError):
    """It is not what it was when it was listed."""

    code = "object_changed"
    retry_on = "connection"


@dataclass(frozen=True, slots=True)
class Access:
    """Where a store is and who asks; what is None is AWS' own, and its tools' usual way to credentials."""

    endpoint: str | None = None
    region: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    size_bytes: int
    etag: str
    modified_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """The parts of an object that is not there yet; `parts`: the ETag of each, in order."""

    key: str
    id: str
    parts: tuple[str, ...] = ()


def split(url: str) -> tuple[str, str]:
    """Bucket and prefix of s3://bucket/prefix; the prefix without slashes around it."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", url, re.DOTALL)
    if found is None:
        raise NoSuchObject(f"{url} names no bucket; write s3://bucket/prefix")
    return found[1], (found[2] or "").strip("/")


class Bucket:
    """What is under `url`; keys are whole ones, prefix and all."""

    def __init__(self, url: str, access: Access = Access()) -> None:
        self.url, self._access = url.rstrip("/"), access
        self.name, self.prefix = split(url)

    def key(self, *parts: str) -> str:
        return "/".join(part for part in (self.prefix, *parts) if part)

    def url_of(self, key: str) -> str:
        return f"{SCHEME}{self.name}/{key}"

    def key_of(self, url: str) -> str:
        return url.removeprefix(f"{SCHEME}{self.name}/")

    @property
    def credentials(self) -> Access:
        """With everything in place that another client of the store needs."""
        client = self._client
        found = _session(self._access).get_credentials()
        if found is None:
            raise BucketDenied(f"there are no credentials for {self.url}; give the connector some, or set AWS_ACCESS_KEY_ID")
        frozen = found.get_frozen_credentials()
        return Access(client.meta.endpoint_url, client.meta.region_name, frozen.access_key, frozen.secret_key, frozen.token)

    @property
    def own_endpoint(self) -> bool:
        """It is not AWS'."""
        return not str(urllib.parse.urlsplit(self._client.meta.endpoint_url).hostname).endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def items(self, prefix: str) -> Iterator[Item]:
        """Every object whose key begins so, in the order of keys."""
        with _translated(self.url_of(prefix)):
            for page in self._pages("list_objects_v2", Prefix=prefix):
                for one in page.get("Contents", ()):
                    yield Item(str(one["Key"]), int(one["Size"]), str(one["ETag"]), int(one["LastModified"].timestamp()) * 1_000_000_000)

    def folders(self) -> Iterator[str]:
        """Names right under the prefix that have something under them."""
        under = f"{self.prefix}/" if self.prefix else ""
        with _translated(self.url):
            for page in self._pages("list_objects_v2", Prefix=under, Delimiter="/"):
                for one in page.get("CommonPrefixes", ()):
                    yield str(one["Prefix"])[len(under) : -1]

    def size_bytes(self, key: str) -> int | None:
        """None where it is not there."""
        try:
            with _translated(self.url_of(key)):
                return int(self._client.head_object(Bucket=self.name, Key=key)["ContentLength"])
        except NoSuchObject:
            return None

    def get(self, key: str) -> bytes | None:
        try:
            with _translated(self.url_of(key)):
                return cast("bytes", self._client.get_object(Bucket=self.name, Key=key)["Body"].read())
        except NoSuchObject:
            return None

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """A stream that can seek. All of it is of one version: where the object changes meanwhile, reading raises ObjectChanged."""
        with _translated(self.url_of(key)):
            head = self._client.head_object(Bucket=self.name, Key=key)
        stream = _Stream(self._client, self.name, Item(key, int(head["ContentLength"]), str(head["ETag"])))
        with io.BufferedReader(stream, _STREAM_BUFFER_BYTES) as buffered:
            yield buffered

    def put(self, key: str, body: bytes) -> None:
        with _translated(self.url_of(key)):
            self._client.put_object(Bucket=self.name, Key=key, Body=body)

    def put_new(self, key: str, body: bytes) -> bool:
        """False when it is there already, be it from a first try of this very call whose answer was lost."""
        try:
            with _translated(self.url_of(key)):
                self._client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")
        except ObjectChanged:
            return False
        return True

    def begin(self, key: str) -> Upload:
        with _translated(self.url_of(key)):
            return Upload(key, str(self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]))

    def send(self, upload: Upload, path: Path) -> Upload:
        """The upload with all of the file's bytes as its parts."""
        part_bytes = max(_LEAST_PART_BYTES, path.stat().st_size // _MOST_PARTS)
        parts: list[str] = []
        with path.open("rb") as file, _translated(self.url_of(upload.key)):
            while (block := file.read(part_bytes)) or not parts:
                sent = self._client.upload_part(Bucket=self.name, Key=upload.key, UploadId=upload.id, PartNumber=len(parts) + 1, Body=block)
                parts.append(str(sent["ETag"]))
        return Upload(upload.key, upload.id, tuple(parts))

    def complete(self, upload: Upload) -> bool:
        """The object is there, whole, in one moment. False when there is no such upload: it was completed or aborted before."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(upload.parts, start=1)]
        try:
            with _translated(self.url_of(upload.key)):
                self._client.complete_multipart_upload(
                    Bucket=self.name, Key=upload.key, UploadId=upload.id, MultipartUpload={"Parts": parts}
                )
        except NoSuchObject:
            return False
        return True

    def abort(self, upload: Upload) -> None:
        """Its parts are gone; nothing where it was completed or aborted before."""
        try:
            with _translated(self.url_of(upload.key)):
                self._client.abort_multipart_upload(Bucket=self.name, Key=upload.key, UploadId=upload.id)
        except NoSuchObject:
            return

    def uploads(self, prefix: str) -> Iterator[Upload]:
        """Those that are neither completed nor aborted."""
        with _translated(self.url_of(prefix)):
            for page in self._pages("list_multipart_uploads", Prefix=prefix):
                for one in page.get("Uploads", ()):
                    yield Upload(str(one["Key"]), str(one["UploadId"]))

    def delete(self, keys: Iterable[str]) -> None:
        """Those that are there."""
        left = list(keys)
        for first in range(0, len(left), _DELETED_AT_ONCE):
            named = [{"Key": key} for key in left[first : first + _DELETED_AT_ONCE]]
            with _translated(self.url):
                done = self._client.delete_objects(Bucket=self.name, Delete={"Objects": named, "Quiet": True})
            if failed := done.get("Errors"):
                raise BucketDenied(f"{self.url_of(failed[0]['Key'])} cannot be deleted: {failed[0].get('Message')}; allow s3:DeleteObject")

    def _pages(self, operation: str, **arguments: Any) -> Iterable[Mapping[str, Any]]:
        pages: Iterable[Mapping[str, Any]] = self._client.get_paginator(operation).paginate(Bucket=self.name, **arguments)
        return pages

    @property
    def _client(self) -> Any:
        return _client(self._access)


class _Stream(io.RawIOBase):
    """An object's bytes: one request for as long as it is read on, another after each jump."""

    def __init__(self, client: Any, bucket: str, item: Item) -> None:
        self._client, self._bucket, self._item = client, bucket, item
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._item.size_bytes}[whence]
        if start + offset != self._at:
            self._let_go()
            self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        if self._at >= self._item.size_bytes or not view:
            return 0
        with _translated(f"{SCHEME}{self._bucket}/{self._item.key}"):
            if self._body is None:
                self._body = self._client.get_object(
                    Bucket=self._bucket, Key=self._item.key, Range=f"bytes={self._at}-", IfMatch=self._item.etag
                )["Body"]
            block = self._body.read(len(view))
        if not block:
            raise BucketUnavailable(f"{SCHEME}{self._bucket}/{self._item.key} broke off at byte {self._at} of {self._item.size_bytes}")
        view[: len(block)] = block
        self._at += len(block)
        return len(block)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@lru_cache(maxsize=100)
def _session(access: Access) -> Any:
    import boto3

    return boto3.session.Session(access.key_id, access.secret, access.token, region_name=access.region)


@lru_cache(maxsize=100)
def _client(access: Access) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": 4},
        # Other makers' stores know no buckets in host names, nor checksums beyond what S3 once demanded.
        s3={"addressing_style": "path" if access.endpoint or _endpoint_in_environment() else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = _session(access)
    region = None if session.region_name else "us-east-1"
    with _translated("S3"):
        return session.client("s3", endpoint_url=access.endpoint, region_name=region, config=config)


def of_machine() -> tuple[str, ...]:
    """The secrets of this machine's own access, which no log may show."""
    return tuple(value for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") if (value := os.environ.get(name)))


def _endpoint_in_environment() -> bool:
    return bool(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))


_DENIED = {
    "403",
    "401",
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthorizationHeaderMalformed",
}
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload"}
_OVERLOADED = {"503", "SlowDown", "ServiceUnavailable", "TooManyRequests", "429", "RequestLimitExceeded"}
_CHANGED = {"412", "PreconditionFailed", "ConditionalRequestConflict"}


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """boto's failures in our words; `what` they are about."""
    from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError, NoCredentialsError, PartialCredentialsError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        said = error.response.get("Error", {}).get("Message") or code
        if code in _MISSING:
            raise NoSuchObject(f"{what} is not there ({code}); correct the path, or make it") from error
        if code in _CHANGED:
            raise ObjectChanged(f"{what} is not what it was a moment ago ({code})") from error
        if code in _DENIED:
            raise BucketDenied(f"{what}: {said} ({code}); correct the credentials, or their rights") from error
        if code in _OVERLOADED:
            overloaded = BucketOverloaded(f"{what}: {said} ({code})")
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            overloaded.retry_after_s = retry_after_s(headers.get("retry-after"))
            raise overloaded from error
        raise BucketUnavailable(f"{what}: {said} ({code})") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise BucketDenied(f"there are no credentials for {what}; give the connector some, or set AWS_ACCESS_KEY_ID") from error
    except (BotoCoreError, IncompleteReadError, HTTPError) as error:
        raise BucketUnavailable(f"{what}: {error}") from error
