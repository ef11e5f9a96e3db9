-- keep_webhooks
-- A batch of webhooks in one transaction. One that was delivered before is only counted.
insert into webhook_inbox (
    source, event_id, event_type, at, received_at,
    session_id, leg_id, claimed_call_id, from_number, to_number, began_at, room_name,
    tells_the_end, events, raw, headers, deliveries, status, reason
)
select
    source, event_id, event_type, at, received_at,
    session_id, leg_id, claimed_call_id, from_number, to_number, began_at, room_name,
    tells_the_end, events::jsonb, raw, headers::jsonb, deliveries, status, reason
from unnest(
    $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
    $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[], $12::text[],
    $13::boolean[], $14::text[], $15::bytea[], $16::text[], $17::integer[], $18::text[], $19::text[]
) as given (
    source, event_id, event_type, at, received_at,
    session_id, leg_id, claimed_call_id, from_number, to_number, began_at, room_name,
    tells_the_end, events, raw, headers, deliveries, status, reason
)
-- Two processes that get the same two events at once take the rows in one order.
order by source, event_id
on conflict (source, event_id) do update
    set deliveries = webhook_inbox.deliveries + excluded.deliveries
