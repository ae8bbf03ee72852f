-- As before, but for the sum: before a table is analysed (a new one, a restored one) PostgreSQL would walk the whole of
-- its primary key for each new row to narrow down what one look into the index of leaves finds.
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
    where (known.seq + 0) between 1 and fresh.seq - 1 and known.body = fresh.body
  ) then
    raise insufficient_privilege using message = 'audit_events takes an event once';
  end if;
  return null;
end
$$;
