"""The cellar on the web: pages, JSON and a live socket over what `cellar.store` knows."""
