"""Topic 28: what takes long with an upload is done by a task, after the answer."""

from __future__ import annotations

import json
import time

from tests.seed.test_topic_28_uploads import FORM, part

SAMPLE = "topic_28_tasks"


def test_an_upload_is_answered_and_then_worked_on(visit):
    answer = visit.post("/upload", part("file", "large.txt", b"line\n" * 100_000), FORM)
    assert answer.status == 200
    deadline = time.monotonic() + 10
    while True:
        job = json.loads(visit.get(f"/jobs/{answer.text}").text)
        if job["state"] == "SUCCESS" or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    assert (job["state"], job["result"]) == ("SUCCESS", 100_000)


def test_a_job_is_shown_to_whoever_has_its_token_only(visit):
    assert visit.get("/jobs/1").status == 404
