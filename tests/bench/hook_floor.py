"""The baseline of W7: a bare Flask app that checks the same signature, inserts one row and sends one Celery task. Served by gunicorn."""

from __future__ import annotations

import os

from celery import Celery
from flask import Flask, Response, jsonify, request
from psycopg_pool import ConnectionPool

from shared.secrets import signing

app = Flask("floor")
broker = Celery("floor", broker=os.environ.get("FLOOR_REDIS_URL"))
pool = ConnectionPool(os.environ.get("FLOOR_DATABASE_URL", ""), min_size=0, max_size=20, open=False)


@app.post("/hook")
def hook() -> Response:
    pool.open()
    body, head = request.get_data(), request.headers
    said = signing.is_signed(
        os.environ["FLOOR_KEY"], head["webhook-id"], int(head["webhook-timestamp"]), body, head["webhook-signature"]
    )  # fmt: skip
    if not said:
        return Response(status=401)
    with pool.connection() as connection:
        row = connection.execute(
            "INSERT INTO floor (key, body) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id", (head["webhook-id"], body.decode())
        ).fetchone()
    if row is not None:
        broker.send_task("floor.run", (row[0],), queue="floor")
    answer = jsonify({"id": row[0] if row else None})
    answer.status_code = 202
    return answer
