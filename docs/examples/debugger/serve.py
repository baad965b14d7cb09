from cellar import app

from demijohn.debugger import install

if app.debug:
    install(app)  # or: app.debug_page = error_page
