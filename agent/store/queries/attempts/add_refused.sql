-- A wish that the gate refused at once: written down with all its reasons, over from the start.
insert into attempts (
    id, created_at, origin, basis, customer_id, number, playbook, wanted_at, due_at, call_id, gate,
    state, outcome, ended_at
)
values (:id, :now, :origin, :basis, :customer_id, :number, :playbook, :due_at, :due_at, :call_id, :gate, 'done', 'refused', :now)
