import asyncio
import threading

from demijohn import Flask, copy_current_request_context, current_app, request

app = Flask(__name__)


@app.get("/copied")
def copied():
    seen = []

    @copy_current_request_context
    def work():
        seen.append(request.path)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return {"seen": seen}


@app.get("/application")
def application():
    seen = []
    real = current_app._get_current_object()  # a proxy means nothing in a thread of your own

    def work():
        with real.app_context():
            seen.append(current_app.name)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return {"seen": seen}


@app.get("/task")
async def task():
    async def work():
        await asyncio.sleep(0)
        return request.path  # a task starts with a copy of the context it was made in

    return {"seen": [await asyncio.create_task(work()), await asyncio.to_thread(lambda: request.path)]}
