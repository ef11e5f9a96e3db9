-- All who want to dial over a trunk take turns here. Its own statement: the next one then sees all
-- that the others have committed. A process that stops in between holds nobody up for long.
select name, set_config('idle_in_transaction_session_timeout', '5s', true)
from trunks where name = $1 for no key update
