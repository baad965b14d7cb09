"""Functions that write what a resource returned in a media type."""
