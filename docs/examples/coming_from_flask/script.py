from shop import app

print(app.test_client().get("/?name=Ada").text)
