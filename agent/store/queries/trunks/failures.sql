select failures_in_a_row from trunks where name = :name
