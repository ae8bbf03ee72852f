import { sql } from 'slonik'
import { z } from 'zod'
import { eventIn } from '../../audit/body.ts'
import { leafHash } from '../../audit/chain.ts'
import { type Columns, columnsOf } from '../../audit/columns.ts'
import type { Ledger, LedgerFilter, Sealed } from '../../reconcile/ports/ledger.ts'
import { at, type Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { sealedBodies } from './append.ts'
import { LedgerError } from './error.ts'
import { lastVouched, ofLedger, type VouchDeps } from './vouched.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const text = z.string().exactOptional()
/** As text: what a hand wrote there that we could not parse is altered, and fails nobody's query. */
const row = z.object({
  seq: z.coerce.number(),
  body: bytes,
  leaf: bytes,
  type: text,
  at: text,
  actorKind: text,
  actorId: text,
  actorLogin: text,
  requestId: text,
  grantId: text,
  repoId: text,
  pull: text,
  commit: text,
})
const columns = sql.fragment`
  seq::text as seq, ${atMost(longest.event, 'body')}, ${atMost(longest.hash, 'leaf')}, type, at::text as at, actor_kind, actor_id, actor_login, request_id, grant_id,
  repo_id::text as repo_id, pull::text as pull, commit`
const pageSize = 1_000

/** @param tell hears of each row that `read` passes over because it was altered; where nobody does, it throws */
export function ledgerReads(
  database: Database,
  tell?: (altered: number) => void,
): Pick<Ledger, 'history' | 'read' | 'remains'> {
  const historyOf = database.shared(async (ids) => {
    const wanted = sql.array([...ids], 'text')
    const rows = await database.run.any(sql.type(row)`
      select ${columns} from audit_events
      where request_id = any(${wanted}) or grant_id = any(${wanted}) order by audit_events.seq`)
    const found = new Map<string, Filed>(ids.map((id) => [id, { events: [] }]))
    for (const one of rows) {
      const event = intact(one)
      // One altered row concerns those under whose ids it lies, and nobody who was asked about beside them.
      for (const id of new Set(
        event ? [event.event.request, event.event.grant] : [one.requestId, one.grantId],
      )) {
        const known = id === undefined ? undefined : found.get(id)
        if (known === undefined) continue
        if (event) known.events.push(event)
        else known.altered ??= one.seq
      }
    }
    return found
  })
  return {
    async history(id) {
      const filed = await historyOf(id)
      if (filed?.altered !== undefined) throw altered(filed.altered)
      return filed?.events ?? []
    },
    remains: async (id) => (await historyOf(id))?.events ?? [],

    // By pages, not by cursor: a reader that stops half-way leaves no transaction open.
    async *read(filter) {
      const { newestFirst = false } = filter
      const order = newestFirst ? sql.fragment`desc` : sql.fragment`asc`
      for (let last = newestFirst ? Number.MAX_SAFE_INTEGER : 0; ; ) {
        const beyond = newestFirst ? sql.fragment`seq < ${last}` : sql.fragment`seq > ${last}`
        const rows = await database.run.any(sql.type(row)`
          select ${columns} from audit_events
          where ${ofLedger} and ${beyond} and ${wanted(filter)}
          order by audit_events.seq ${order} limit ${pageSize}`)
        for (const one of rows) {
          const sealed = tell === undefined ? opened(one) : intact(one)
          if (sealed !== undefined) yield sealed
          else tell?.(one.seq)
        }
        const end = rows.at(-1)
        if (!end || rows.length < pageSize) return
        last = end.seq
      }
    },
  }
}

/** The sealed event of this number, undefined where there is none; re-hashed as all that is read. */
export const sealedAt = async (database: Database, seq: number): Promise<Sealed | undefined> => {
  const found = await database.run.maybeOne(sql.type(row)`
    select ${columns} from audit_events where seq = ${seq}`)
  return found === null ? undefined : opened(found)
}

/** leaf (hex) → seq of what is sealed, by us: what somebody else put there is not, until the sealer has said so. */
export async function findSealed(
  { database, ...deps }: VouchDeps & { readonly database: Database },
  leaves: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { vouched } = await lastVouched(database.run, deps)
  return sealedBodies(database.run, leaves, vouched.seq)
}

/** A person's events are those he caused and those of requests he made. */
function wanted({ request, repository, login, types, since, until, concerning }: LedgerFilter) {
  const requests = sql.array([...(concerning?.requests ?? [])], 'text')
  return sql.and([
    request !== undefined && sql.fragment`(request_id = ${request} or grant_id = ${request})`,
    repository !== undefined && sql.fragment`repo_id = ${repository}`,
    login !== undefined &&
      sql.fragment`(
        lower(actor_login) = lower(${login})
        or coalesce(request_id, grant_id) in (select id from requests where lower(requester_login) = lower(${login}))
      )`,
    // As literals: a partial index is not found by parameters.
    types !== undefined &&
      sql.fragment`type in (${sql.join(
        types.map((type) => sql.literalValue(type)),
        sql.fragment`, `,
      )})`,
    since !== undefined && sql.fragment`at >= ${at(since)}`,
    until !== undefined && sql.fragment`at < ${at(until)}`,
    concerning !== undefined &&
      sql.fragment`(
        (actor_kind = 'user' and actor_id = ${String(concerning.user)})
        or request_id = any(${requests}) or grant_id = any(${requests})
      )`,
  ])
}

type Filed = { readonly events: Sealed[]; altered?: number }

const altered = (seq: number) =>
  new LedgerError('tampered', `Event ${seq} was altered after it was sealed: run gitsudo audit verify.`)

function opened(one: z.infer<typeof row>): Sealed {
  const sealed = intact(one)
  if (sealed === undefined) throw altered(one.seq)
  return sealed
}

/** Never an event whose bytes are not those that were sealed, nor one filed under another's words. */
function intact({ seq, body, leaf, ...filed }: z.infer<typeof row>): Sealed | undefined {
  const whole = Number.isSafeInteger(seq) && Buffer.compare(leafHash(body), leaf) === 0
  const event = whole ? eventIn(body) : undefined
  return event !== undefined && isFiled(filed, columnsOf(event)) ? { seq, event, body, leaf } : undefined
}

const isFiled = (
  filed: Omit<z.infer<typeof row>, 'seq' | 'body' | 'leaf'>,
  { at: time, ...due }: Columns,
): boolean =>
  Date.parse(filed.at ?? '') === Date.parse(time) &&
  Object.entries(due).every(
    ([name, value]) => (filed[name as keyof typeof due] ?? null) === (value === null ? null : String(value)),
  )
