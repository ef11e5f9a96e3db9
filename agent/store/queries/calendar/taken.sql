select starts_at from appointments where calendar = :calendar and starts_at >= :since
