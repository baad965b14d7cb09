"""Background jobs on Celery: with the application inside, and nothing lost.

    tasks = Tasks(app)                          # or tasks.init_app(app); TASKS_BROKER = "redis://localhost"

    @app_task(autoretry_for=(OSError,), max_retries=3, retry_backoff=True)   # options are Celery's
    async def thumbnail(photo_id: int) -> str:
        report(1, 3, step="read")               # what the job's page shows
        return current_app.name

    @app.post("/photos/<int:photo_id>")
    def made(photo_id):
        job = thumbnail.delay(photo_id)         # or .apply_async(countdown=5), .s() in a chain
        return {"follow": url_for("tasks.state", token=job.token)}

    app.register_blueprint(tasks.blueprint, url_prefix="/jobs")

Without a broker, tasks run in threads of this process, for development. Workers are processes of their own:
``demijohn tasks worker``. Celery is imported when an application is given its tasks, not with this module.
"""

from __future__ import annotations

from demijohn.ext.tasks.captured import CapturedTask
from demijohn.ext.tasks.errors import TaskCrashed, TasksUnavailable
from demijohn.ext.tasks.extension import Tasks
from demijohn.ext.tasks.running import report
from demijohn.ext.tasks.task import AppTask, Job, app_task

__all__ = ["AppTask", "CapturedTask", "Job", "TaskCrashed", "Tasks", "TasksUnavailable", "app_task", "report"]
