-- old attempts and their dialings, and facts without a call, are found and deleted by time

create index attempts_ended_at on attempts (ended_at) where state = 'done';
-- A foreign key is looked up for each attempt that is deleted.
create index dialings_attempt on dialings (attempt_id);
create index call_events_without_call on call_events (stored_at) where call_id is null;
