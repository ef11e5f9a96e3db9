-- mark_folded
update webhook_inbox
set folded_at = now()
from unnest($1::text[], $2::text[]) as given (source, event_id)
where webhook_inbox.source = given.source and webhook_inbox.event_id = given.event_id
