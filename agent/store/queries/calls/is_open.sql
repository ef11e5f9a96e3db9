select status <> 'ended' from call_logs where id = :call_id
