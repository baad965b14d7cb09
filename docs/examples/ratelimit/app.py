from demijohn import Flask
from demijohn.ext.ratelimit import Limiter, RateLimitExceeded, get_remote_address

app = Flask(__name__)
limiter = Limiter(get_remote_address, app=app, default_limits=["200/minute"], storage_uri="memory://")


@app.get("/")
def index():
    return "200 a minute"


@app.post("/login")
@limiter.limit("5/minute", deduct_when=lambda response: response.status_code == 401)
def login():
    return "wrong password", 401


@app.get("/search")
@limiter.limit("10/minute", cost=2)
async def search():
    return {"found": []}


@app.get("/health")
@limiter.exempt
def health():
    return "ok"


@app.errorhandler(RateLimitExceeded)
def too_many(error):
    return f"Come back in {error.limit.seconds_left} seconds.", 429
