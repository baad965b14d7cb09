"""HTTP's own grammar: pure functions and small types over bytes and strings.

Nothing here does I/O or knows of an application, a request or a response. Each noun has its
own file; import from there (``demijohn.http.cookies``, ...). This package file stays empty so
that importing one noun does not pay for the others.
"""
