"""A request that is hooked, overridden and streamed."""

from demijohn import Flask, g, stream_with_context


class Cellar(Flask):
    def process_response(self, response):
        response = super().process_response(response)
        response.headers["X-Cellar"] = "1"
        return response


app = Cellar(__name__)


@app.before_request
def open_book():
    g.book = app.open_resource("book.txt", "r")


@app.teardown_request
def close_book(error):
    g.book.close()


@app.get("/book")
def book():
    return stream_with_context(line for line in g.book)
