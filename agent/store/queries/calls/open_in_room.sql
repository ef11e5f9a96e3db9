select id from call_logs where room_name = :room_name and status <> 'ended' and created_at <= :before
