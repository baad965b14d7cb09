from demijohn import Blueprint, Flask

app = Flask(__name__)
app.config["TRUSTED_ORIGINS"] = ["https://pay.example"]
app.cors(
    ["https://shop.example"], path="/api", methods=["GET", "POST"], headers=["X-Token"], expose=["ETag"],
    credentials=True, max_age=600,
)  # fmt: skip

public = Blueprint("public", __name__, url_prefix="/public")
public.cors("*", methods=["GET"])


@app.route("/api/orders", methods=["GET", "POST"])
def orders():
    return []


@public.get("/prices")
def prices():
    return {"Haut Plateau": 31.5}


@app.post("/change")
def change():
    return "changed"


@app.post("/hooks/payment", cross_origin=True)
def payment():
    return "thanks"


app.register_blueprint(public)
