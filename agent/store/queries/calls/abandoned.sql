-- Calls that a job once held and that nobody has ended. Whether an agent still holds them only
-- LiveKit can say.
select id, room_name from call_logs where status in ('ringing', 'active') and created_at < :before
