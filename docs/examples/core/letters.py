import asyncio

from demijohn import Flask, current_app, request

app = Flask(__name__)
app.extensions["sent"] = []


def send(address):
    current_app.extensions["sent"].append(address)  # blocks: runs in a thread


async def send_slowly(address):
    await asyncio.sleep(0.01)  # waits: runs on the loop
    current_app.extensions["sent"].append(address)


@app.post("/join")
def join():
    current_app.add_background_task(send, request.form["address"])  # values, not the request
    return "a letter is on its way", 202


@app.post("/join-later")
async def join_later():
    current_app.add_background_task(send_slowly, request.form["address"])
    return "a letter is on its way", 202
