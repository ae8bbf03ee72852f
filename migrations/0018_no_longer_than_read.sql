-- What is too long for a process to read back is not written. PostgreSQL keeps up to 1 GB in one value; a string of
-- JavaScript ends at 537 MB, and bytes come as hexadecimal text. One such row ended every replica, again at each start.
-- Not validated: a row that is there already must not stop an upgrade, and is read around.
-- What is only remembered is forgotten: each later update of its row would fail, and a grant's end is one.
update grants set metadata = '{}' where octet_length(metadata::text) > 1000000;
update grants set note = null where octet_length(note) > 1000000;
update requests set metadata = null where octet_length(metadata::text) > 1000000;
delete from troubles where octet_length(what) > 1000000;

-- Bytes at most, each far above the largest of ours:
--   10,000,000  an event: 1 MB with a thousand policies, each named and digested; what they were asked is evidence
--   64,000,000  evidence: facts and inputs hold what policies/ says of people, read from files of 4 MB each at most;
--               a decision: of a hundred requests, each with what every policy said, 100 kB at most
--   26,214,400  a delivery: GitHub sends no more than 25 MB, and our door takes no more
--   80,000,000  what stood: 300 bytes a grant, 30 MB of 100,000; read as JSON text it may be six times as long
--      100,000  a checkpoint or a rotation: sixteen signatures are not 3,000
--        1,000  a hash, a MAC, or its key's name
--    1,000,000  any other text: a request file has 65,536 bytes, and an intent says little more
do $$
declare written record;
begin
  for written in
    select relname, attname, atttypid,
      case
        when attname ~ '(^|_)mac(_key)?$' then 1000
        when attname = 'body' and relname <> 'deliveries' then 10000000
        when attname = 'body' then 26214400
        when attname = 'bytes' then 64000000
        when attname = 'kept' then 80000000
        when attname = 'decision' then 64000000
        when attname = 'note' and relname in ('checkpoints', 'key_rotations') then 100000
        when atttypid = 'bytea'::regtype then 1000
        else 1000000
      end as most
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
      and relname in (
        'audit_events', 'evidence', 'ledger_staged', 'database_changes', 'deliveries', 'requests', 'pulls', 'grants',
        'grant_attempts', 'revoke_asks', 'branches', 'projections', 'github_budget', 'policies', 'mock_bindings',
        'ledger_origin', 'override_asks', 'ledger_standing', 'checkpoints', 'key_rotations', 'clouds', 'troubles',
        'kept_intents'
      )
      and atttypid in ('text'::regtype, 'bytea'::regtype, 'json'::regtype)
  loop
    execute format(
      'alter table %I add constraint %I check (octet_length(%I%s) <= %s) not valid',
      written.relname, written.relname || '_' || written.attname || '_is_short', written.attname,
      case when written.atttypid = 'json'::regtype then '::text' else '' end, written.most
    );
  end loop;
end
$$;
alter table projections add constraint projections_asked_is_short
  check (cardinality(asked) <= 10000 and octet_length(asked::text) <= 1000000) not valid;
-- Writes of the last hour: GitHub allows some thousands.
alter table github_budget add constraint github_budget_spent_is_short check (cardinality(spent) <= 100000) not valid;
alter table policies add constraint policies_override_by_is_short check (cardinality(override_by) <= 1000) not valid;

-- As before, but that what is announced costs nothing, and that a value too long to be told is told by its length and
-- digest: it must neither keep its row from being changed back, nor the ledger from saying so. As json, since jsonb
-- ends at 268 MB. What stays below is told as it is.
create or replace function note_change() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  was json;
  is_now json;
  one json;
begin
  if current_setting('gitsudo.announced', true) is not distinct from 'yes' then
    return null;
  end if;
  was := case when tg_op <> 'INSERT' then row_to_json(old) end;
  is_now := case when tg_op <> 'DELETE' then row_to_json(new) end;
  one := coalesce(is_now, was);
  insert into database_changes (table_name, operation, row_key, before, after)
  values (
    tg_table_name,
    lower(tg_op),
    coalesce(one ->> 'id', (one ->> 'repository') || '/' || (one ->> 'name')),
    (select jsonb_object_agg(key, told(value)) from json_each(was)
      where value::text is distinct from (is_now -> key)::text),
    (select jsonb_object_agg(key, told(value)) from json_each(is_now)
      where value::text is distinct from (was -> key)::text)
  );
  return null;
end
$$;
create function told(value json) returns jsonb language sql as $$
  select case
    when octet_length(value::text) <= 100000 then value::jsonb
    else jsonb_build_object(
      'too_long', octet_length(value::text),
      'sha256', encode(sha256(convert_to(value::text, 'UTF8')), 'hex')
    )
  end
$$;
