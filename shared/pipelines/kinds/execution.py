"""Parts of a pipeline that say how its runs go: retries, resources, streaming, push-down. Retries and resources stand on nodes too."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from shared.pipelines.fields import choice, count, flag, later, mapping, number, part, seconds, shown, size, text
from shared.pipelines.shapes import Shape


class Spark(Shape):
    minWorkers = count("Least workers", least=1, load_default=4, example=4)
    maxWorkers = count("Most workers", least=1, load_default=500, example=50)
    adaptive = flag("Adaptive query execution", "Spark changes its plan by what it sees in the data", load_default=True)
    memory = size("Memory of a worker")
    conf = mapping("Spark settings", "As spark-submit takes them with --conf", example={"spark.sql.shuffle.partitions": "200"})


class Resources(Shape):
    memory = size("Memory", "The resident size that the work may have")
    cpus = number("Processors", "Threads that the work may keep busy", least=0.1, example=2)
    spark = later(part(Spark, "Spark", "What is asked of Spark where it is the engine"))


class Streaming(Shape):
    checkpointIntervalSeconds = seconds("Time between checkpoints", least=1, load_default=60, example=60)
    checkpointUrl = text("Where checkpoints go", "A folder or an object store", example="s3://checkpoints/orders")
    parallelism = count("Parallel tasks", least=1, example=4)
    onStop = choice("When it is stopped", ("savepoint", "drop"), "Keep the state for the next start, or not", load_default="savepoint")


class PushDown(Shape):
    mode = choice(
        "Push-down",
        ("auto", "off", "require"),
        "Whether work is sent into the database that holds the data; require: a plan that keeps a transform out of it is refused",
        load_default="auto",
    )
    rowThreshold = count("Rows from which on work is pushed down", load_default=100_000, example=100_000)
    trust = choice(
        "Least trust",
        ("proven", "emulated", "documented"),
        "How well it must be known that an expression gives the same rows there",
        load_default="documented",
    )


def retries(**options: Any) -> fields.Integer:
    return count("Retries", "Attempts after a transient failure, beside the first", example=3, **options)


def retry_delay(**options: Any) -> fields.Float:
    return seconds("Wait before the first retry", example=300, **options)


def retry_growth(**options: Any) -> fields.Float:
    return number("Growth of the wait", "Each wait is so many times the one before", least=1, example=2.0, **options)


def retry_longest(**options: Any) -> fields.Float:
    return seconds("Longest wait", example=1800, **options)


def worker() -> fields.String:
    return fields.String(
        validate=validate.Regexp(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z", error="must be a label: lower-case letters, digits and '-'"),
        metadata=shown("Worker label", "Runs on workers that carry this label", "gpu"),
    )
