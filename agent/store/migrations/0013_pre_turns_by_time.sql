-- old words are deleted by their time, not by looking at every call that ever was

create index call_turns_ended_at on call_turns (ended_at);
