-- One call at a time takes a slot of a trunk. Its own statement: the next one then sees all that the
-- others have committed. A process that stops in between holds nobody up for long.
select name, set_config('idle_in_transaction_session_timeout', '5s', true)
from trunks where name = :name for no key update
