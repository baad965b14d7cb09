from demijohn import Flask

app = Flask(__name__)
stock = {"port": 6}


@app.readiness_check("stock")
def stock_is_there():
    return bool(stock)


@app.readiness_check("price")
async def price_is_known():
    if "port" not in stock:
        raise LookupError("nobody knows what port costs")
