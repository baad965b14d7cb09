"""Work in steps, and the threads and loops that wait for it. Nothing in here knows what a request is."""
