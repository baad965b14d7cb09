"""The benchmark: demijohn against its peers, in one run on one machine.

    python -m bench                 in-process cost, start-up, data pages and servers
    python -m bench inprocess       one kind only; likewise startup, database, forms, rest, servers, upload, websockets,
                                    streams
    python -m bench profile hello   where one request's time goes

This side of the harness uses the standard library only; the frameworks live in `build/bench`,
which the first run makes from `bench/requirements.txt`. See docs/performance.md.
"""
