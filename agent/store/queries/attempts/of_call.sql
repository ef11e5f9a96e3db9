-- By any of its calls, the latest one also before it was begun.
select * from attempts
where call_id = :call_id or id = (select attempt_id from dialings where call_id = :call_id)
