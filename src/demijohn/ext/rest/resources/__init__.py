"""Resources: Flask-RESTful's classes, with their marshalling and errors."""
