-- Kept for longer than the 24 hours that are promised.
delete from idempotency_keys where created_at < now() - interval '48 hours'
