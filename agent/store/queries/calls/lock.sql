-- One transaction at a time writes a call, also before its row exists. The lock must be its own
-- statement: a statement sees what was committed when it began, so a lock inside the next one would
-- be waited for and then overlook what the other transaction wrote.
select pg_advisory_xact_lock(hashtextextended(:call_id::text, 0))
