-- Whoever has only the database can compute leaves and links. This he cannot make: a MAC of the row's place and chain,
-- under a key outside. As a chain covers all that precedes it, one vouches for all.
alter table audit_events add column mac_key text, add column mac text;

-- The ledger grows at its end: a row far ahead would leave the sealer no number to go on with.
create function refuse_gap() returns trigger language plpgsql as $$
begin
  if current_user <> 'gitsudo_owner' and exists (
    select from (select min(seq) as first, max(seq) as last, count(*) as rows from fresh) as given
    where last - coalesce((select max(seq) from audit_events where seq < first), 0) <> rows
  ) then
    raise insufficient_privilege using message = 'audit_events grows at its end, without gaps';
  end if;
  return null;
end
$$;
create trigger refuse_gap after insert on audit_events referencing new table as fresh
  for each statement execute function refuse_gap();
alter table audit_events enable always trigger refuse_gap;
