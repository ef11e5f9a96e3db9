update attempts set gate = :gate where id = :attempt_id
