insert into attempts (
    id, created_at, origin, basis, customer_id, number, room_name, participant_identity,
    participant_name, playbook, wanted_at, due_at, call_id, gate
)
values (:id, :now, :origin, :basis, :customer_id, :number, :room_name, :participant_identity, :participant_name, :playbook, :due_at, :due_at, :call_id, :gate)
returning *
