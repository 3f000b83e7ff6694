"""A Flask view with GET and PTTL in one pipeline of redis-py, as an answer with its TTL needs."""

import os

import redis
from flask import Flask, Response

app = Flask(__name__, static_folder=None)
server = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    key = f"fruit:{fruit_id}"
    with server.pipeline(transaction=False) as pipeline:
        value, remaining_ms = pipeline.get(key).pttl(key).execute()
    if value is None:
        return {"error": "no such fruit"}, 404
    body = b'{"data":%b,"from_cache":true}\n' % value
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Status"] = f"bare; hit; ttl={remaining_ms // 1000}"
    return response
