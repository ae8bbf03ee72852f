-- Signed checkpoints, and the rotations that lead from the first key to those in use (audit.md). Who has only the
-- database cannot make either: both are signed by keys outside it.
create table checkpoints (
  size bigint primary key,
  note text not null,
  made_at timestamptz(3) not null
);
create table key_rotations (
  id bigint generated always as identity primary key,
  note text not null unique
);

create trigger append_only before update or delete or truncate on checkpoints
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on key_rotations
  for each statement execute function refuse_change();
create trigger note_statement after insert or update or delete or truncate on checkpoints
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on key_rotations
  for each statement execute function note_statement();

grant insert, select on checkpoints, key_rotations to gitsudo_app;
