"""files: a folder on this machine or a prefix of a bucket, and the files under it."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from shared.connectors.files.places import is_remote, wrong
from shared.connectors.protocols import Spec
from shared.datasets.buckets import SCHEME, NoSuchObject, split
from shared.formats import FORMATS, FileOptions


def _place(value: str) -> None:
    if is_remote(value):
        if (why := wrong(value)) is not None:
            raise ValidationError(why)
        return
    if "://" in value and not value.startswith(SCHEME):
        raise ValidationError(
            f"root is {value!r}; this release takes an absolute folder, s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or"
            " sftp://host/folder"
        )
    if value.startswith(SCHEME):
        try:
            split(value)
        except NoSuchObject as error:
            raise ValidationError(error.message) from error
    elif not value.startswith("/"):
        raise ValidationError(f"root is {value!r}; it must be an absolute folder, since each process has its own current folder")


class FilesConfig(Schema):
    root = fields.String(
        required=True,
        validate=_place,
        metadata={
            "title": "Folder, or s3://bucket/prefix",
            "description": "Absolute; no path may leave it. gs://bucket/prefix, az://container/prefix and sftp://host/folder can be read",
        },
    )
    endpoint = fields.Url(
        schemes={"http", "https"},
        require_tld=False,
        metadata={"title": "Endpoint", "description": "Of a store that speaks S3 and is not AWS', such as https://minio.internal:9000"},
    )
    region = fields.String(metadata={"title": "Region"})
    accessKeyId = fields.String(metadata={"title": "Access key", "description": "Unless said: as AWS' own tools find it"})
    secretAccessKey = fields.String(metadata={"title": "Secret access key"})
    sessionToken = fields.String(metadata={"title": "Session token"})
    accountName = fields.String(metadata={"title": "Storage account", "description": "Of Azure"})
    accountKey = fields.String(metadata={"title": "Account key", "description": "Of Azure"})
    sasToken = fields.String(metadata={"title": "SAS token", "description": "Of Azure, in place of the account's key"})
    serviceAccountKey = fields.String(metadata={"title": "Service account", "description": "Of Google: the JSON of its key file"})
    username = fields.String(metadata={"title": "User", "description": "Of SFTP"})
    password = fields.String(metadata={"title": "Password", "description": "Of SFTP"})
    privateKey = fields.String(metadata={"title": "Private key", "description": "Of SFTP: the text of the key file"})
    passphrase = fields.String(metadata={"title": "Passphrase", "description": "Of the private key"})
    hostKey = fields.String(metadata={"title": "Host key", "description": "Of the SFTP server, as ssh-keyscan prints it"})


class FilesSource(Schema):
    path = fields.String(required=True, metadata={"title": "Path or glob under the folder"})
    format = fields.String(validate=validate.OneOf(list(FORMATS)), metadata={"title": "Format; by the file's ending where left out"})
    options = fields.Nested(FileOptions, metadata={"title": "Options of the format"})


class FilesSink(FilesSource):
    path = fields.String(required=True, metadata={"title": "File, or for INSERT the folder that gets one more part"})


SPEC = Spec(
    type="files",
    title="Files in a folder or a bucket",
    config_schema=FilesConfig,
    source_schema=FilesSource,
    sink_schema=FilesSink,
    secret_fields=(
        "accessKeyId",
        "secretAccessKey",
        "sessionToken",
        "accountKey",
        "sasToken",
        "serviceAccountKey",
        "password",
        "privateKey",
        "passphrase",
    ),
    write_modes=("INSERT", "OVERWRITE"),
)
