-- `turn` has been called slot_wait since 0.2.0: a turn is of a talk

drop function turn(text, bigint, timestamptz);
