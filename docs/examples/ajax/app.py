import asyncio

from markupsafe import escape

from demijohn import Flask, g, render_template
from demijohn.ext.ajax import Sijax, route

app = Flask(__name__)
app.config["CSP"] = "strict"
Sijax(app)


def greet(obj_response, form):
    obj_response.html("#greeting", escape(f"Hello, {form['name']}!"))
    obj_response.css("#greeting", "color", "green")


def count(obj_response, most):
    obj_response.call("counted", [most])


async def work(obj_response, steps):
    for step in range(steps):
        obj_response.attr("#progress", "value", step + 1)
        yield obj_response  # sent, and done by the page, now
        await asyncio.sleep(0.1)
    obj_response.html("#done", "Done.")


def save(obj_response, files, form_values):
    size = len(files["photo"].read())
    obj_response.html("#saved", escape(f"{form_values['title']}: {size} bytes")).reset_form()


@route(app, "/")
async def index():
    g.sijax.register_callback("greet", greet)
    g.sijax.register_callback("count", count)
    g.sijax.register_comet_callback("work", work)
    g.sijax.register_upload_callback("photo", save)
    if g.sijax.is_sijax_request:
        return await g.sijax.process_request()
    return render_template("index.html")
