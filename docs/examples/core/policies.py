from demijohn import Flask, redirect
from demijohn.policy import Policy


class Intranet(Flask):
    policy = Policy(checked_redirects=False)


app = Intranet(__name__)
app.policy = app.policy.replace(problem_json=False)


@app.get("/call/<number>")
def call(number):
    return redirect(f"tel:{number}")
