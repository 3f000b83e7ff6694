"""cashews around a function that loads, called by a bare ASGI application."""

import os

from cashews import cache

cache.setup(os.environ["REDIS_URL"], client_side=False)
HEADERS = [(b"content-type", b"application/json")]


@cache(ttl="1h", key="cashews:{fruit_id}")
async def load(fruit_id):
    return f'{{"id":{fruit_id},"name":"apple","quantity":100}}'


async def app(scope, receive, send):
    del receive
    if scope["type"] != "http":
        return
    value = await load(int(scope["path"].rpartition("/")[2]))
    body = f'{{"data":{value},"from_cache":true}}\n'.encode()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})
