"""dogpile.cache in front of a function that loads; its values are plain text."""

import os

from dogpile.cache import make_region
from flask import Flask, Response

app = Flask(__name__, static_folder=None)
region = make_region().configure(
    "dogpile.cache.redis",
    expiration_time=3600,
    arguments={"url": os.environ["REDIS_URL"], "distributed_lock": False},
)


@region.cache_on_arguments(namespace="dogpile")
def load(fruit_id):
    return f'{{"id":{fruit_id},"name":"apple","quantity":100}}'


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    body = f'{{"data":{load(fruit_id)},"from_cache":true}}\n'
    return Response(body, mimetype="application/json")
