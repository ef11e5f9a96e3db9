-- Waits for a request under the same key that is being answered at this moment.
insert into idempotency_keys (
    subject, key, body_hash, attempt_id, status, response, created_at
)
values (:subject, :key, :body_hash, :attempt_id, :status, :answer, :now)
on conflict (subject, key) do nothing
returning attempt_id
