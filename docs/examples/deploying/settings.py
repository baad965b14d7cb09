import os

from demijohn import Flask, request

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY"),  # signs sessions; without it, using one is an error
    TRUSTED_HOSTS=["cellar.example"],  # requests for other hosts are answered with 400
    MAX_CONTENT_LENGTH=4_000_000,  # bytes of a request's body; more is answered with 413
)


@app.post("/")
def upload():
    return {"bytes": len(request.get_data())}
