select starts_at from appointments where calendar = $1 and starts_at >= $2
