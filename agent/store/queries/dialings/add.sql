insert into dialings (call_id, attempt_id, number, room_name, trunk, dispatched_at)
values ($1, $2, $3, $4, $5, now())
