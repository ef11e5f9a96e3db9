select body_hash, attempt_id, status, response from idempotency_keys where subject = :subject and key = :key
