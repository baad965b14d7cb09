"""The document of an Api (OpenAPI 3.1), the page that shows it, and the command that prints it."""
