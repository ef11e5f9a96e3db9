select id from call_logs where room_name = $1 and status <> 'ended' and created_at <= $2
