# Settings of Alembic for this folder. The address of the database comes from the application.

[alembic]
# How revisions' files are named:
# file_template = %%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s

path_separator = os

[loggers]
keys = root, alembic, plugins

[logger_root]
level = WARNING
handlers = console

[logger_alembic]
qualname = alembic
level = INFO
handlers =

[logger_plugins]
qualname = alembic.runtime.plugins
level = WARNING
handlers =

[handlers]
keys = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = line

[formatters]
keys = line

[formatter_line]
format = %(levelname)-5.5s [%(name)s] %(message)s
