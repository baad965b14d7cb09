"""Tasks that a test looks at in place of running them."""

from __future__ import annotations

from celery import chain

from demijohn import Flask
from demijohn.ext.tasks import CapturedTask, Tasks, app_task

ran: list[str] = []


@app_task
def note(value: str) -> None:
    ran.append(value)


def test_what_is_sent_is_noted_with_what_was_said_of_it(app: Flask, tasks: Tasks) -> None:
    with app.app_context(), tasks.captured() as sent:
        job = note.apply_async(["a"], countdown=60)
        chain(note.si("b"), note.si("c")).delay()
    assert sent[0] == CapturedTask(note.name, ("a",), {}, {"countdown": 60}, job.id)
    assert [task.args for task in sent] == [("a",), ("b",)]
    assert [dict(following)["args"] for following in sent[1].options["chain"]] == [("c",)]
    assert ran == []


def test_not_even_where_tasks_are_run_at_once(app: Flask, tasks: Tasks) -> None:
    tasks.celery.conf.task_always_eager = True
    with app.app_context(), tasks.captured() as sent:
        note.delay("a")
    assert [task.args for task in sent] == [("a",)]
    assert ran == []
    assert tasks.celery.conf.task_always_eager
