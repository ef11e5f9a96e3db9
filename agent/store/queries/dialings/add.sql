insert into dialings (call_id, attempt_id, number, room_name, trunk, dispatched_at)
values (:call_id, :attempt_id, :number, :room_name, :trunk, now())
