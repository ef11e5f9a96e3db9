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
    :source::text[], :event_id::text[], :event_type::text[], :at::timestamptz[], :received_at::timestamptz[],
    :session_id::text[], :leg_id::text[], :claimed_call_id::uuid[], :from_number::text[], :to_number::text[], :began_at::timestamptz[], :room_name::text[],
    :tells_the_end::boolean[], :events::text[], :raw::bytea[], :headers::text[], :deliveries::integer[], :status::text[], :reason::text[]
) as given (
    source, event_id, event_type, at, received_at,
    session_id, leg_id, claimed_call_id, from_number, to_number, began_at, room_name,
    tells_the_end, events, raw, headers, deliveries, status, reason
)
-- Two processes that get the same two events at once take the rows in one order.
order by source, event_id
on conflict (source, event_id) do update
    set deliveries = webhook_inbox.deliveries + excluded.deliveries
