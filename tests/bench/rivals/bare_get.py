"""A Flask view with one GET of redis-py; the cached text goes into the answer as it is."""

import os

import redis
from flask import Flask, Response

app = Flask(__name__, static_folder=None)
server = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    value = server.get(f"fruit:{fruit_id}")
    if value is None:
        return {"error": "no such fruit"}, 404
    body = b'{"data":%b,"from_cache":true}\n' % value
    return Response(body, mimetype="application/json")
