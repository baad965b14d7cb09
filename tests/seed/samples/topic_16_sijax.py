from demijohn import Flask, g, render_template_string
from demijohn.ext.ajax import sijax

app = Flask(__name__)


@app.route("/")
@sijax.route(app, default_request_uri="/")
def index():
    def hello(obj_response):
        obj_response.alert("Hello, world!")

    if g.sijax.is_sijax_request:
        g.sijax.register_callback("hello", hello)
        return g.sijax.process_request()
    return render_template_string("""
     {{ sijax_script() }}
     <script>
       function sayHello() {
         Sijax.request('hello');
       }
     </script>
     <button onclick="sayHello()">Say Hello</button>
    """)


@app.route(
    "/strict",
    methods=["GET", "POST"],
    csp={"default-src": ["'none'"], "script-src": ["'nonce'"], "connect-src": ["'self'"]},
)
def strict():
    g.sijax.register_callback("hello", lambda obj_response: obj_response.alert("Hello, world!"))
    if g.sijax.is_sijax_request:
        return g.sijax.process_request()
    return render_template_string("""
     {{ sijax_script() }}
     <button data-sijax="hello">Say Hello</button>
    """)


if __name__ == "__main__":
    app.run()
