"""A Flask view with a constant answer: what Flask and its server cost by themselves."""

from flask import Flask, Response

app = Flask(__name__, static_folder=None)
BODY = b'{"data":{"id":1,"name":"apple","quantity":100},"from_cache":true}\n'


@app.get("/fruit/<int:fruit_id>")
def look_up(fruit_id):
    del fruit_id
    return Response(BODY, mimetype="application/json")
