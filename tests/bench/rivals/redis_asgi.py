"""A hand-written ASGI application with one GET of redis-py's asyncio client."""

import os

import redis.asyncio

server = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])
HEADERS = [(b"content-type", b"application/json")]


async def app(scope, receive, send):
    del receive
    if scope["type"] != "http":
        return
    value = await server.get("fruit:" + scope["path"].rpartition("/")[2])
    found = value is not None
    body = b'{"data":%b,"from_cache":true}\n' % value if found else b'{"error":"no such fruit"}\n'
    status = 200 if found else 404
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})
