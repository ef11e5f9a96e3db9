insert into attempts (
    id, created_at, origin, basis, customer_id, number, room_name, participant_identity,
    participant_name, playbook, wanted_at, due_at, call_id, gate
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)
returning *
