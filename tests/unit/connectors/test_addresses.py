"""Where connectors may not reach."""

from __future__ import annotations

from typing import Any

import pytest

from shared.connectors import addresses
from shared.connectors.errors import Denied
from shared.process import settings

METADATA = "169.254.169.254"


@pytest.mark.parametrize(
    "config",
    [
        {"host": METADATA},
        {"host": "::ffff:169.254.169.254"},
        {"host": "64:ff9b::a9fe:a9fe"},
        {"host": "2002:a9fe:a9fe::1"},
        {"host": "fe80::1"},
        {"host": "2852039166"},  # the same as a number
        {"host": f"127.0.0.1,{METADATA}"},
        {"url": f"postgresql://u:p@{METADATA}:5432/db"},
        {"url": f"postgresql://u:p@127.0.0.1:1,{METADATA}:2/db"},
        {"url": f"postgresql:///db?hostaddr={METADATA}"},
        {"url": "mysql://u:p@[fd00:ec2::254]:3306/db"},
        {"root": f"sftp://{METADATA}/in"},
        {"endpoint": f"http://{METADATA}"},
        {"bootstrapServers": f"127.0.0.1:9092,{METADATA}:9092"},
        {"bootstrapServers": f"PLAINTEXT://{METADATA}:9092"},
    ],
)
def test_a_connector_reaches_no_metadata_service(config: dict[str, Any]) -> None:
    with pytest.raises(Denied, match="connector default/db reaches"):
        addresses.check("default/db", config, ())


@pytest.mark.parametrize(
    "config",
    [
        {"host": "127.0.0.1"},
        {"host": "10.1.2.3"},
        {"host": "::1"},
        {"host": "/var/run/postgresql"},
        {"host": "no such name"},
        {"root": f"s3://{METADATA}/in"},
        {"root": "/data"},
        {"url": "http://["},
        {"endpoint": "http://localhost:9000"},
        {},
    ],
)
def test_private_networks_and_what_is_no_address_are_the_drivers_matter(config: dict[str, Any]) -> None:
    addresses.check("default/db", config, ())


def test_an_operator_can_allow_it() -> None:
    allowed = settings.allowed_addresses({"PENSTOCK_ALLOWED_ADDRESSES": "169.254.7.0/24, fe80::1"})
    addresses.check("default/db", {"host": "169.254.7.9"}, allowed)
    addresses.check("default/db", {"host": "fe80::1"}, allowed)
    with pytest.raises(Denied):
        addresses.check("default/db", {"host": METADATA}, allowed)
    with pytest.raises(settings.BadSetting, match="PENSTOCK_ALLOWED_ADDRESSES"):
        settings.allowed_addresses({"PENSTOCK_ALLOWED_ADDRESSES": "everywhere"})
