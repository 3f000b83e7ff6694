"""Flask-Caching in its fastest form: the view's whole answer is cached."""

import os

from flask import Flask, Response
from flask_caching import Cache

app = Flask(__name__, static_folder=None)
cache = Cache(
    app,
    config={
        "CACHE_TYPE": "RedisCache",
        "CACHE_REDIS_URL": os.environ["REDIS_URL"],
        "CACHE_DEFAULT_TIMEOUT": 3600,
        "CACHE_KEY_PREFIX": "flask-caching:",
    },
)


@app.get("/fruit/<int:fruit_id>")
@cache.cached()
def look_up(fruit_id):
    body = b'{"data":{"id":%d,"name":"apple","quantity":100},"from_cache":true}\n' % fruit_id
    return Response(body, mimetype="application/json")
