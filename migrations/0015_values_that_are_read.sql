-- What gitsudo could not read back is not written: moments outside the years that a date is written with, numbers that
-- JavaScript would round. Not validated: a row that is wrong already must not stop an upgrade, and is read around.
-- What is only remembered is brought back into range, or forgotten: each later update of its row would fail.
delete from troubles where since not between '1900-01-01 00:00:00+00' and '9999-12-30 00:00:00+00';
update clouds set looked_at = null
  where looked_at not between '1900-01-01 00:00:00+00' and '9999-12-30 00:00:00+00';
update clouds set look_at = now() where look_at not between '1900-01-01 00:00:00+00' and '9999-12-30 00:00:00+00';
update projections set look_at = now()
  where look_at not between '1900-01-01 00:00:00+00' and '9999-12-30 00:00:00+00';
delete from github_budget
  where held_until not between -9007199254740991 and 9007199254740991
    or array_position(spent, null) is not null or not 9007199254740991 >= all (spent);

do $$
declare written record;
begin
  for written in
    -- Ours alone: a view or a table of somebody else's may lie in the same schema.
    select relname, attname, atttypid from pg_attribute
    join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
      and relname in (
        'evidence', 'ledger_staged', 'database_changes', 'deliveries', 'requests', 'pulls', 'grants', 'grant_attempts',
        'revoke_asks', 'branches', 'projections', 'github_budget', 'policies', 'mock_bindings', 'ledger_origin',
        'override_asks', 'ledger_standing', 'checkpoints', 'key_rotations', 'clouds', 'troubles'
      )
      and atttypid in ('bigint'::regtype, 'timestamptz'::regtype)
  loop
    execute format(
      'alter table %I add constraint %I check (%I between %s) not valid',
      written.relname, written.relname || '_' || written.attname || '_is_read', written.attname,
      case written.atttypid
        when 'bigint'::regtype then '-9007199254740991 and 9007199254740991'
        else '''1900-01-01 00:00:00+00'' and ''9999-12-30 00:00:00+00'''
      end
    );
  end loop;
end
$$;
alter table github_budget add constraint github_budget_spent_is_read
  check (array_position(spent, null) is null and 9007199254740991 >= all (spent)) not valid;
alter table policies add constraint policies_override_by_is_read
  check (array_position(override_by, null) is null and 9007199254740991 >= all (override_by)) not valid;
alter table projections add constraint projections_asked_is_read
  check (array_ndims(asked) = 1 or asked = '{}') not valid,
  add constraint projections_asked_are_names check (array_position(asked, null) is null) not valid;
alter table revoke_asks add constraint revoke_asks_by_kind_is_read check (by_kind in ('user', 'system')) not valid;

-- Ids that are given out are nobody's to choose: one ahead of the others would stand in the way of the next event.
revoke insert, update on ledger_staged from gitsudo_app;
grant insert (body, mac_key, mac, refused), update (id) on ledger_staged to gitsudo_app;
revoke insert on grant_attempts from gitsudo_app;
grant insert (grant_id, fence, action, opened_at, closed_at) on grant_attempts to gitsudo_app;
revoke insert on key_rotations from gitsudo_app;
grant insert (note) on key_rotations to gitsudo_app;

-- The bytes are the event, not what is said to be their hash: another's row must not keep ours from its place.
alter table audit_events drop constraint audit_events_leaf_key;
create index audit_events_leaf on audit_events (leaf);

-- A row that does not link would break the chain for good, and all would wait for its owner, whose hands stay free here.
create or replace function refuse_gap() returns trigger language plpgsql as $$
begin
  if current_user = 'gitsudo_owner' then
    return null;
  end if;
  if exists (
    select from (select min(seq) as first, max(seq) as last, count(*) as rows from fresh) as given
    where first < 1 or last - coalesce((select max(seq) from audit_events where seq between 1 and first - 1), 0) <> rows
  ) then
    raise insufficient_privilege using message = 'audit_events grows at its end, without gaps';
  end if;
  if exists (
    select from (select *, lag(chain) over (order by seq) as before from fresh) as given
    where leaf <> sha256('\x00'::bytea || body)
      or at not between '1900-01-01 00:00:00+00' and '9999-12-30 00:00:00+00'
      or repo_id not between -9007199254740991 and 9007199254740991
      or pull not between -9007199254740991 and 9007199254740991
      or chain <> sha256('\x02'::bytea || coalesce(
        before,
        (select known.chain from audit_events as known where known.seq = given.seq - 1 and known.seq > 0),
        (select sha256(convert_to(E'gitsudo ledger v1\n' || origin || E'\n', 'UTF8')) from ledger_origin)
      ) || int8send(seq) || leaf)
  ) then
    raise insufficient_privilege using message = 'audit_events grows by links';
  end if;
  if exists (
    select from fresh join audit_events as known using (leaf)
    where known.seq between 1 and fresh.seq - 1 and known.body = fresh.body
  ) then
    raise insufficient_privilege using message = 'audit_events takes an event once';
  end if;
  return null;
end
$$;

drop index audit_events_urgent;
create index audit_events_urgent on audit_events (seq)
  where type in ('breakglass.invoked', 'policy.overridden', 'policy.accepted');
