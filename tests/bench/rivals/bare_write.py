"""A Flask view that writes a row through the service's own pool, then deletes its entry."""

import os

import redis
from flask import Flask, jsonify, request

from service.domain.fruit import Fruit
from service.metrics import Metrics
from service.store.fruit_store import FruitStore

app = Flask(__name__, static_folder=None)
store = FruitStore(os.environ["DATABASE_URL"], 16, Metrics())
server = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    return jsonify(data=store.find(fruit_id, 0).as_json_object(), from_cache=False)


@app.put("/fruit/<int:fruit_id>")
def replace(fruit_id):
    body = request.get_json()
    fruit = Fruit(fruit_id, body["name"], body["quantity"])
    store.replace(fruit)
    server.delete(f"fruit:{fruit_id}")
    return jsonify(data=fruit.as_json_object())
