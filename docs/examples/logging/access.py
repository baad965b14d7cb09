from demijohn import Flask, request

app = Flask(__name__)
app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json", SLOW_REQUEST_SECONDS=1.0)


@app.get("/bottles/<int:id>")
def bottle(id):
    return {"id": id, "request": request.id}
