"""The list of calls stays quick when there are many: every filter goes by an index."""

from agent.store.database import Database
from agent.store.query import query

# Of 20,000 calls the first three ended in a way that no other did.
_MANY_CALLS = """
    insert into call_logs (
        created_at, direction, customer_id, from_number, to_number, status, disposition,
        room_name, playbook, language, facts, evidence, id
    )
    select
        now() - i * interval '30 seconds', 'outbound', 'c-' || i % 5000, '+3226010500',
        '+3247' || lpad((i % 10000)::text, 7, '0'), 'ended',
        case when i < 20000 - 3 then (array['busy', 'no_answer'])[1 + i % 2] else 'converted' end,
        'room-' || i, 'default', 'en', '{}', '[]', gen_random_uuid()
    from generate_series(0, 19999) as i;
    insert into call_logs (
        created_at, direction, from_number, to_number, status, room_name, playbook, language,
        facts, evidence, id
    )
    select
        now() - i * interval '30 seconds', 'inbound',
        '+3247' || lpad((i % 10000)::text, 7, '0'), '+3226010500', 'active', 'in-' || i,
        'default', 'en', '{}', '[]', gen_random_uuid()
    from generate_series(0, 19999) as i;
    analyze call_logs;
"""
_FILTERS = ("direction", "disposition", "number", "customer_id", "room_name")


async def test_no_filter_reads_the_whole_table(dsn: str) -> None:
    wanted: list[dict[str, str]] = [
        {},
        {"direction": "outbound"},
        {"disposition": "converted"},
        {"disposition": "nothing ended so"},
        {"number": "+32470000007"},
        {"number": "+32499999999"},
        {"number": "+3226010500"},
        {"customer_id": "c-77"},
        {"customer_id": "nobody"},
        {"room_name": "room-7"},
        {"room_name": "nowhere"},
    ]
    async with Database(dsn) as database, database.connection() as connection:
        await connection.execute(_MANY_CALLS)
        for asked in wanted:
            unused = dict.fromkeys(("since", "until", "after_created_at", "after_id"))
            filters = {name: asked.get(name) for name in _FILTERS}
            statement, *values = query("calls/list")(**filters, **unused, origin="phone", limit=51)
            plan = await connection.fetch(f"explain {statement}", *values)
            text = "\n".join(line[0] for line in plan)
            assert "Seq Scan" not in text, f"{asked}\n{text}"
