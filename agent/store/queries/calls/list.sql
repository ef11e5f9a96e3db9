-- One page of calls, newest first. A filter that is null filters nothing.
-- :number                        of either side
-- :origin                        of calls by phone or by browser
-- :since, :until                 created from …, before …
-- :after_created_at, :after_id   the page goes on behind this call
-- :limit                         at most so many
select
    id, created_at, direction, customer_id, from_number, to_number, room_name, status,
    disposition, reason, duration_s, summary, answered_at, ended_at,
    recording is not null as has_recording, playbook, language,
    coalesce(origin, 'phone') as origin
from call_logs
where (:direction::text is null or direction = :direction)
    and (:disposition::text is null or disposition = :disposition)
    and (:number::text is null or from_number = :number or to_number = :number)
    and (:customer_id::text is null or customer_id = :customer_id)
    and (:room_name::text is null or room_name = :room_name)
    and (:since::timestamptz is null or created_at >= :since)
    and (:until::timestamptz is null or created_at < :until)
    and (:after_created_at::timestamptz is null or (created_at, id) < (:after_created_at, :after_id::uuid))
    and (:origin::text is null or origin = :origin or (:origin = 'phone' and origin is null))
order by created_at desc, id desc
limit :limit
