import asyncio

from demijohn import Flask, current_app

app = Flask(__name__)


async def stock_of(name):
    await asyncio.sleep(0)
    return {"port": 6}.get(name, 0)


@app.get("/sync/<name>")
def from_sync(name):
    return {"stock": current_app.ensure_sync(stock_of)(name)}


@app.get("/async/<name>")
async def from_async(name):
    first, second = await asyncio.gather(stock_of(name), stock_of("port"))
    return {"stock": first, "port": second}


@app.get("/thread/<name>")
async def in_thread(name):
    size = await asyncio.to_thread(len, name)  # a blocking call in an async view
    return {"letters": size}
