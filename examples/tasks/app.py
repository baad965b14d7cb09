"""A shop window: a picture is made in three sizes while its page shows how far it is.

It runs as it is, with tasks in threads of the web process; with TASKS_BROKER in the environment, in workers.
"""

import asyncio
import os

from celery.schedules import crontab
from demijohn import Flask, csp_nonce, current_app, url_for
from demijohn.ext.tasks import Tasks, app_task, report

SIZES = (64, 256, 1024)

PAGE = """<!doctype html><title>Pictures</title>
<form method="post" action="/pictures/7"><button>Make picture 7</button></form>
<progress value="0" max="1" hidden></progress> <output></output>
<script nonce="{nonce}">
document.forms[0].onsubmit = async event => {{
  event.preventDefault();
  const asked = await fetch(event.target.action, {{method: "POST"}});
  const job = await asked.json();
  const bar = document.querySelector("progress"), says = document.querySelector("output");
  bar.hidden = false;
  const events = new EventSource(job.events);
  events.onmessage = event => {{
    const now = JSON.parse(event.data);
    if (now.total) {{ bar.max = now.total; bar.value = now.done; }}
    says.textContent = now.result ?? now.error?.text ?? now.state;
    if (["SUCCESS", "FAILURE", "REVOKED"].includes(now.state)) events.close();
  }};
}};
</script>"""


@app_task(autoretry_for=(OSError,), max_retries=3, retry_backoff=True)
async def thumbnail(picture: int) -> str:
    for number, size in enumerate(SIZES, start=1):
        await asyncio.sleep(0.2)  # here a picture would be made
        report(number, len(SIZES), size=size)
    return f"{current_app.name}: picture {picture} is at {url_for('picture', number=picture, _external=True)}"


@app_task
def tidy() -> None:
    current_app.logger.info("The window is tidy.")


def create_app(**settings):
    app = Flask("window")
    app.config.update(
        SECRET_KEY=os.environ.get("SECRET_KEY", "only for trying this out"),
        TASKS_BROKER=os.environ.get("TASKS_BROKER"),
        TASKS_SCHEDULE={"nightly": {"task": tidy.name, "schedule": crontab(hour=3, minute=0)}},
        TIMEZONE="Europe/Vienna",
    )
    app.config.update(settings)
    tasks = Tasks(app)
    app.register_blueprint(tasks.blueprint, url_prefix="/jobs")

    @app.get("/")
    def index():
        return PAGE.format(nonce=csp_nonce())

    @app.get("/pictures/<int:number>")
    def picture(number):
        return f"Picture {number}"

    @app.post("/pictures/<int:number>")
    def make(number):
        job = thumbnail.delay(number)
        return {
            "state": url_for("tasks.state", token=job.token),
            "events": url_for("tasks.events", token=job.token),
        }

    return app
