"""A Flask view with the service's own client of Redis, and nothing else of the service."""

import os

from flask import Flask, Response

from service.cache.single_server import SingleServer
from service.guards.breaker import Breaker

app = Flask(__name__, static_folder=None)
server = SingleServer(os.environ["REDIS_URL"], 0.1, Breaker(lambda: True, print))


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    key = f"fruit:{fruit_id}"
    value, remaining_ms = server.exchange(key, (("GET", key), ("PTTL", key)), None)
    if value is None:
        return {"error": "no such fruit"}, 404
    body = b'{"data":%b,"from_cache":true}\n' % value
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Status"] = f"bare; hit; ttl={remaining_ms // 1000}"
    return response
