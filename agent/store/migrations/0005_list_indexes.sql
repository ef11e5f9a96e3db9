-- what calls are looked for by, so that a list of a hundred thousand stays quick

-- Each ends with created_at: the list is newest first. To_number, room_name and created_at alone
-- have theirs already.
create index call_logs_from on call_logs (from_number, created_at);
create index call_logs_customer on call_logs (customer_id, created_at)
    where customer_id is not null;
create index call_logs_disposition on call_logs (disposition, created_at)
    where disposition is not null;
-- Health asks when each source was last heard of.
create index webhook_inbox_source on webhook_inbox (source, received_at);
