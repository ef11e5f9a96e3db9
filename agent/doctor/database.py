"""The database: is it there, and has it the schema of this version."""

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
