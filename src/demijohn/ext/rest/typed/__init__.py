"""Views whose annotations say what they take and what they send."""
