"""Where a protocol meets the pipeline: bytes in to a request, a response to bytes out."""
