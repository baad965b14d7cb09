"""What is current while a request, a command or a job is worked on, and the proxies to it."""
