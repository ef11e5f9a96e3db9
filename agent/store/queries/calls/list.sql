-- One page of calls, newest first; what is null filters nothing. The page goes on behind the call
-- with created_at $8 and id $9.
select
    id, created_at, direction, customer_id, from_number, to_number, room_name, status,
    disposition, reason, duration_s, summary, answered_at, ended_at,
    recording is not null as has_recording, playbook, language
from call_logs
where ($1::text is null or direction = $1)
    and ($2::text is null or disposition = $2)
    and ($3::text is null or from_number = $3 or to_number = $3)
    and ($4::text is null or customer_id = $4)
    and ($5::text is null or room_name = $5)
    and ($6::timestamptz is null or created_at >= $6)
    and ($7::timestamptz is null or created_at < $7)
    and ($8::timestamptz is null or (created_at, id) < ($8, $9::uuid))
order by created_at desc, id desc
limit $10
