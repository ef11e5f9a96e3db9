"""The database: is it there, has it the schema of this version, and connections for all."""

from agent.doctor.findings import Finding, error, ok, warning
from agent.store.migrate import SchemaState


def judge_schema(state: SchemaState) -> list[Finding]:
    """Migrations."""
    if state.missing:
        names = ", ".join(state.missing)
        says = f"the database's schema is older than this version: {names} not applied"
        return [error("migrations_behind", says, "python agent.py migrate")]
    if state.unknown:
        says = f"the database's schema is newer than this version: {', '.join(state.unknown)}"
        return [warning("migrations_ahead", says, "deploy the version that brought them")]
    return [ok("schema", "schema up to date")]


def judge_connections(usable: int, needed: int) -> list[Finding]:
    """What Postgres has against what our processes take when every place is taken."""
    if needed > usable:
        says = (
            f"Postgres gives {usable} connections, our processes with all their places taken "
            f"need {needed}: calls could not be recorded"
        )
        remedy = (
            f"raise max_connections by {needed - usable} or more (docs/operations.md, "
            '"Connections"), or put a pooler before it'
        )
        return [warning("too_few_connections", says, remedy)]
    return [ok("connections", f"{usable} connections, {needed} needed at the most")]
