/**
 * N lifecycles through the local GitHub with two replicas: branch, request file, pull request, review, merge, active,
 * expired, gone. What happened is read from the ledger, the rows, and the mock cloud's own record.
 * `npm run bench:lifecycle [-- --count 1000] [-- --rate 5] [-- --people 200]`
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createPerson } from '../app/sandbox/person.ts'
import { until } from '../app/sandbox/until.ts'
import { type Bed, onBed } from './bed.ts'
import { baseOf, createClient } from './client.ts'
import { aim, figure, holds, spread } from './figures.ts'
import { processor, used } from './processor.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '5' },
    people: { type: 'string', default: '200' },
  },
})
const count = Number(values.count)
const rate = Number(values.rate)
const seconds = 60

/** The same clients, eight at a time, on a repository without gitsudo. @returns merges a second */
const alone = async (bed: Bed, lifecycles: number): Promise<number> => {
  const { admin, apiUrl, url } = bed.world.github
  await admin.createRepository({
    owner: 'acme',
    name: 'alone',
    private: true,
    files: { 'README.md': '# Alone\n' },
  })
  const [requester, approver] = ['pat', 'sam'].map((login) => {
    const account = admin.createUser({ login })
    admin.setPermission('acme/alone', login, 'write')
    return createPerson(account, { apiUrl, gitUrl: url, repository: 'acme/alone', dir: '.' })
  })
  admin.setPermission('acme/alone', 'erin', 'admin')
  if (requester === undefined || approver === undefined) throw new Error('nobody there')
  const base = await baseOf(bed.world, 'acme/alone')
  const client = createClient()
  let next = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < lifecycles) {
        const name = `alone-${next++}`
        await client.lifecycle({ ...base, requester, approver, name, duration: '1h', checked: false })
      }
    }),
  )
  return (lifecycles * 1000) / (performance.now() - began)
}

/** The mock cloud's own record of what was made and taken away, which gitsudo neither writes nor reads. */
const record = `
  create table bench_cloud (grant_id text, what text, at timestamptz default clock_timestamp());
  create function bench_note() returns trigger language plpgsql security definer as $$ begin
    insert into bench_cloud (grant_id, what) values (coalesce(new.grant_id, old.grant_id), tg_op); return null;
  end $$;
  create trigger bench_note after insert or delete on mock_bindings for each row execute function bench_note();`

/** A merge as its delivery was stored, the verdict staged, the grant active; its end, and the read-back. */
const times = `
  select g.pull, g.active_at, g.ends_at, g.ended_at, i.at as decided_at, min(d.received_at) as heard_at
  from grants g
  join audit_events i on i.grant_id = g.id and i.type = 'grant.intended'
  left join deliveries d on d.repository = g.repository and d.pull = g.pull and d.event = 'pull_request'
    and convert_from(d.body, 'utf8')::jsonb ->> 'action' = 'closed'
  group by g.id, i.seq`

await onBed(Number(values.people), async (bed) => {
  const { world, query } = bed
  const sustained = await alone(bed, Math.min(count, 400))
  figure(
    'the local GitHub alone',
    `${sustained.toFixed(1)} lifecycles a second, ${Math.min(count, 400)} of them`,
  )
  await query(record)
  const replicas = [await bed.replica(), await bed.replica()]
  const base = await baseOf(bed.world, world.repository.fullName)
  const client = createClient()
  world.github.admin.resetCounters()
  const pids = replicas.map(({ child }) => child.pid)
  const atFirst = await processor(bed, pids)

  const merges = new Map<number, number>()
  const began = Date.now()
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      await pause((n * 1000) / rate)
      const requester = bed.requesters[n % bed.requesters.length]
      const approver = bed.approvers[n % 2]
      if (requester === undefined || approver === undefined) throw new Error('nobody there')
      const ask = { ...base, requester, approver, name: `bench-${n}`, duration: `${seconds}s`, checked: true }
      const { pull, mergedAt } = await client.lifecycle(ask)
      merges.set(pull, mergedAt)
    }),
  )
  const span = Math.max(...merges.values()) - Math.min(...merges.values())
  await until(
    'every grant to end',
    async () => {
      const [row] = await query(
        `select count(*)::int as n from grants where state in ('ended', 'failed', 'refused')`,
      )
      return Number(row?.n) >= count
    },
    (seconds + 120) * 1000,
  ).catch((error: unknown) => console.log(String(error)))
  await world.github.admin.deliveriesSettled()
  // Comments that say "ended" go out after the rows.
  await until('nothing more to publish', async () => {
    const before = world.github.admin.counters()
    await pause(2000)
    return JSON.stringify(world.github.admin.counters()) === JSON.stringify(before)
  })
  figure(
    'lifecycles',
    `${count} by ${bed.requesters.length} people, in ${((Date.now() - began) / 1000).toFixed(0)} s`,
  )
  const merged = ((merges.size - 1) * 1000) / span
  aim('merges a second', merged.toFixed(2), '≥ 5', merged >= 4.9)
  figure('of what GitHub alone sustains', `${((100 * merged) / sustained).toFixed(0)} %`)
  figure('processor time a lifecycle', used(atFirst, await processor(bed, pids), count))
  await outcome(bed)
  latencies(await query(times), merges)
  calls(bed, client.counts)
  for (const replica of replicas) {
    for (const alert of replica.alerts) console.log('alert', JSON.stringify(alert))
  }
})

async function outcome({ query }: Bed): Promise<void> {
  const types = ['grant.intended', 'grant.issued', 'grant.expired']
  for (const type of types) {
    const [row] = await query(
      `select count(*)::int as n, count(distinct grant_id)::int as of from audit_events where type = '${type}'`,
    )
    holds(
      `ledger: ${type}`,
      `lost ${count - Number(row?.of)}, doubled ${Number(row?.n) - Number(row?.of)}`,
      row?.n === count && row.of === count,
    )
  }
  const [rows] =
    await query(`select count(*)::int as n, count(*) filter (where state = 'ended' and cause = 'expired')::int as ended,
    count(distinct (repository, pull))::int as pulls from grants`)
  holds(
    'grants',
    `${rows?.n}, ended by expiry ${rows?.ended}, pull requests ${rows?.pulls}`,
    [rows?.n, rows?.ended, rows?.pulls].every((n) => n === count),
  )
  const [cloud] = await query(`select count(*) filter (where what = 'INSERT')::int as made,
    count(*) filter (where what = 'DELETE')::int as gone, count(distinct grant_id)::int as grants,
    (select count(*)::int from mock_bindings) as left from bench_cloud`)
  holds(
    'the cloud',
    `made ${cloud?.made}, taken away ${cloud?.gone}, of ${cloud?.grants} grants, left ${cloud?.left}`,
    [cloud?.made, cloud?.gone, cloud?.grants].every((n) => n === count) && cloud?.left === 0,
  )
  const [early] = await query(`select count(*)::int as n from bench_cloud b join grants g on g.id = b.grant_id
    where b.what = 'DELETE' and b.at < g.ends_at`)
  holds('taken away before the end', String(early?.n), early?.n === 0)
}

function latencies(
  rows: readonly Readonly<Record<string, unknown>>[],
  merges: ReadonlyMap<number, number>,
): void {
  const ms = (value: unknown) => (value instanceof Date ? value.getTime() : Number.NaN)
  const active = rows.map((row) => ms(row.active_at) - (merges.get(Number(row.pull)) ?? Number.NaN))
  const gone = rows.map((row) => ms(row.ended_at) - ms(row.ends_at))
  const heard = rows.map((row) => ms(row.heard_at) - (merges.get(Number(row.pull)) ?? Number.NaN))
  figure('  of these until it is heard of', spread(heard))
  figure('  until it is decided', spread(rows.map((row) => ms(row.decided_at) - ms(row.heard_at))))
  figure('  until it is active', spread(rows.map((row) => ms(row.active_at) - ms(row.decided_at))))
  for (const [name, values] of [
    ['merge answered → active', active],
    ['expiry → gone', gone],
  ] as const) {
    aim(
      name,
      spread(values),
      'p99 ≤ 2 s',
      values.filter((value) => value <= 2000).length >= values.length * 0.99,
    )
  }
}

function calls({ world }: Bed, people: { readonly reads: number; readonly writes: number }): void {
  const { reads, writes, gitFetches, deliveries, calls: byName } = world.github.admin.counters()
  const each = (total: number) => (total / count).toFixed(2)
  aim('reads a lifecycle', each(reads - people.reads), '≤ 8', reads - people.reads <= 8 * count)
  aim('writes a lifecycle', each(writes - people.writes), '≤ 6', writes - people.writes <= 6 * count)
  figure('Git fetches a lifecycle', each(gitFetches))
  figure('deliveries a lifecycle', each(deliveries))
  console.log("\nEvery call to the API, people's included, a lifecycle:")
  for (const [name, times] of Object.entries(byName))
    if (times >= count / 100) figure(`  ${each(times)}`, name)
}
