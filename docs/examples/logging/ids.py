from logging.config import dictConfig

from demijohn import Flask, request

dictConfig(
    {
        "version": 1,
        "formatters": {"line": {"format": "%(levelname)s %(request_id)s %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
    }
)

app = Flask(__name__)


@app.get("/bottles/<name>")
def bottle(name):
    app.logger.info("looking for %s", name)
    return {"name": name, "request": request.id}
