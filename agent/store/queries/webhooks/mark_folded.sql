update webhook_inbox
set folded_at = now()
from unnest(:sources::text[], :event_ids::text[]) as given (source, event_id)
where webhook_inbox.source = given.source and webhook_inbox.event_id = given.event_id
