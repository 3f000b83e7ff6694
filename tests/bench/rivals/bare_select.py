"""A Flask view with the service's own SELECT through its own pool, and no cache."""

import os

from flask import Flask, jsonify

from service.metrics import Metrics
from service.store.fruit_store import FruitStore

app = Flask(__name__, static_folder=None)
store = FruitStore(os.environ["DATABASE_URL"], 16, Metrics())


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    fruit = store.find(fruit_id, 0)
    if fruit is None:
        return {"error": "no such fruit"}, 404
    return jsonify(data=fruit.as_json_object(), from_cache=False)
