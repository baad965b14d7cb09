from demijohn.ext.migrations.environment import run_migrations


def include_object(item, name, kind, reflected, compare_to):
    return not (kind == "table" and name.startswith("legacy_"))


run_migrations(include_object=include_object)
