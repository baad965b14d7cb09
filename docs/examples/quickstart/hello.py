from demijohn import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello, World!"


@app.get("/later")
async def later():
    return {"message": "def and async def live side by side"}
