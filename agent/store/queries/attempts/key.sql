select body_hash, attempt_id, status, response from idempotency_keys where subject = $1 and key = $2
