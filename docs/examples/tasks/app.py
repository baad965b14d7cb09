import asyncio

from demijohn import Flask, current_app, url_for
from demijohn.ext.tasks import Tasks, app_task, report


@app_task(autoretry_for=(OSError,), max_retries=3, retry_backoff=True)
async def thumbnail(photo_id: int) -> str:
    for done in range(1, 4):
        await asyncio.sleep(0.1)
        report(done, 3, photo=photo_id)
    return f"{current_app.name} has made {url_for('photo', photo_id=photo_id, _external=True)}"


app = Flask("gallery")
app.config.from_prefixed_env("DEMIJOHN")  # DEMIJOHN_TASKS_BROKER=redis://localhost:6379/0, say
app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or "only for trying this out"
tasks = Tasks(app)
app.register_blueprint(tasks.blueprint, url_prefix="/jobs")


@app.get("/photos/<int:photo_id>")
def photo(photo_id):
    return f"photo {photo_id}"


@app.post("/photos/<int:photo_id>")
def make(photo_id):
    job = thumbnail.delay(photo_id)
    return {"follow": url_for("tasks.state", token=job.token)}, 202
