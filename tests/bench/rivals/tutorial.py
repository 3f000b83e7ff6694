"""Cache-aside as tutorials write it: GET, else SELECT on a connection of its own, and SETEX."""

import json
import os
from urllib.parse import urlsplit

import pymysql
import redis
from flask import Flask, jsonify

app = Flask(__name__)
cache = redis.Redis.from_url(os.environ["REDIS_URL"])
database = urlsplit(os.environ.get("DATABASE_URL", "mysql://root:root@127.0.0.1/grocerydb"))


@app.route("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    cached = cache.get(f"fruit:{fruit_id}")
    if cached:
        return jsonify({"data": json.loads(cached), "from_cache": True})
    connection = pymysql.connect(
        host=database.hostname,
        port=database.port or 3306,
        user=database.username,
        password=database.password or "",
        database=database.path.strip("/"),
        cursorclass=pymysql.cursors.DictCursor,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, name, quantity FROM fruit WHERE id = %s", (fruit_id,))
        row = cursor.fetchone()
    if row is None:
        return jsonify({"error": "no such fruit"}), 404
    cache.setex(f"fruit:{fruit_id}", 3600, json.dumps(row))
    return jsonify({"data": row, "from_cache": False})
