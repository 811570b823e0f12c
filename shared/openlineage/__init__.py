"""Runs as events of OpenLineage (openlineage.io/spec/2-0-2): what its receivers are told of a run, its pipeline and its datasets. Pure."""
