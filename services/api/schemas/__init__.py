"""The bodies and queries of the API, as marshmallow schemas: what is sent, and what /api/v1/openapi.json says."""
