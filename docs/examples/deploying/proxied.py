from demijohn import Flask, request

app = Flask(__name__)
app.config["TRUSTED_PROXIES"] = 1


@app.get("/")
def who():
    return {"you": request.remote_addr, "here": request.base_url}
