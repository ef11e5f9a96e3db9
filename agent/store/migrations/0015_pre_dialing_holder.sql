-- whose a call on its way out is

-- LiveKit's id of the job that has let the call dial. A second job for the same call changes
-- nothing of it. Null: no job has, or one of an older version.
alter table dialings add column holder text;
