import { sql } from 'slonik'
import { z } from 'zod'
import { bodyOf, EventError, eventOf } from '../../audit/body.ts'
import { leafHash, linkHash, originHead } from '../../audit/chain.ts'
import type { LedgerEvent } from '../../audit/event.ts'
import { hex } from '../../audit/hex.ts'
import type { Intent } from '../../grant/intent.ts'
import { createStanding, type Standing } from '../../grant/standing.ts'
import type { Clock } from '../../reconcile/ports/clock.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import { connectionOf, type Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { keptIntents } from './kept-intents.ts'
import { inPages } from './pages.ts'
import {
  lastVouched,
  ofLedger,
  type Place,
  sealedColumns,
  sealedRow,
  sealOf,
  type VouchDeps,
} from './vouched.ts'

type Deps = VouchDeps & {
  readonly database: Database
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Log
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const text = z.string().default('')
/** `whole`: nobody reads so long a body, and its leaf is that of its bytes. */
const row = sealedRow.extend({ body: bytes, leaf: bytes, whole: z.boolean(), macKey: text, mac: text })
type Row = z.infer<typeof row>
/** A body that cannot be read is hashed where it lies; up to `from` nobody asks for that. */
const columns = (from: number) => sql.fragment`
  ${sealedColumns}, ${atMost(longest.event, 'body')}, ${atMost(longest.hash, 'leaf')},
  case when octet_length(body) > ${longest.event} and seq > ${from}
    then leaf = sha256('\\x00'::bytea || body) else false end as whole`
/** `there`: how many would be in the page, were it not for their bytes. */
const pageRow = row.extend({ there: z.number() })
/** What a page costs: to hash a byte where it lies takes less than to read it, and the one at `from` is known. */
const costs = (from: number) => sql.fragment`
  case when seq <= ${from} then 0 when octet_length(body) > ${longest.event} then octet_length(body) / 20
    else octet_length(body) end`
const place = z.object({ seq: z.number() })
const keptRow = z.object({ kept: z.string(), macKey: z.string(), mac: z.string() })
const stage = z.enum(['scheduled', 'intended', 'issued'])
const intent = z.custom<Intent>((value) => typeof value === 'object' && value !== null)
const kept = z.object({
  seq: z.number(),
  chain: z.string(),
  open: z.array(z.tuple([z.number(), stage, z.boolean()])),
  /** What each of these says, as older releases kept it. */
  intents: z.array(z.tuple([z.number(), intent])).optional(),
  /** Since when each of these is to be taken away. */
  blockedAt: z.array(z.tuple([z.number(), z.number()])).default([]),
  /** Where the grant of an intent has its place, if a look has said so: whoever deletes that look must not hide it. */
  places: z.array(z.tuple([z.number(), z.string()])),
  overrides: z.array(z.number()),
  /** Absent where an older release kept this: what it found is looked for in the ledger. */
  strays: z.array(z.number()).optional(),
  /** With its leaf (hex): what was verified when it was read holds when its key is gone. */
  policies: z.array(z.tuple([z.number(), z.string()])),
  closed: z.array(z.tuple([z.string(), z.number()])),
  /** Where the requests of those of them lay that were granted; older releases did not keep it. */
  over: z.array(z.tuple([z.string(), z.number(), z.string()])).default([]),
  revoked: z.array(intent).default([]),
  /** Of whom credentials are: whoever deletes what says so must not keep their sessions from being refused. */
  /** Absent where an older release kept this. */
  given: z.array(z.string()).optional(),
  perhapsGiven: z.array(z.string()).default([]),
})
type Kept = z.infer<typeof kept>
/** Few: what a large page leaves behind is memory that the process keeps. */
const pageSize = 40
/** And bytes, to which the last event of a page adds its own. */
const pageBytes = 16_000_000
/** What is lost is looked for again this often; meanwhile what remains is not verified anew at every look. */
const againMs = 10_000

/**
 * Reads the ledger once, from where some replica left off, and from then on only what is new. Each event must link
 * to the one before, and the last one read must still be there: a ledger that lost events is `broken`, and stays so
 * until it holds them again. What could only be undone by anchors (a ledger cut before this process knew it) is
 * theirs to find (audit.md).
 */
export const createStandingReader = (deps: Deps) => {
  const { database, keys, log } = deps
  const intents = keptIntents(database, keys, log)
  const began = deps.clock.now()
  const beginning: Place = { seq: 0, chain: originHead(deps.origin) }
  let head = beginning
  let standing = createStanding()
  let loaded = false
  let broken: string | undefined
  /** What was kept and is not there: told before what else may be missing. */
  let lost: string | undefined
  let savedSeq = 0
  let loadAt = Number.NEGATIVE_INFINITY

  const breaks = (why: string): void => {
    if (lost !== undefined && why !== lost) return
    if (broken !== why) log.alert('ledger.broken', { why })
    broken = why
  }

  /** @returns the sealed events of a page, the last one known first */
  const page = async (from: number): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> => {
    const rows = await database.run.any(sql.type(pageRow)`
      select ${columns(from)}, there from (
        select *, count(*) over () as there, coalesce(sum(${costs(from)}) over (
          order by seq rows between unbounded preceding and 1 preceding), 0) as before
        from (select * from audit_events where ${ofLedger} and seq >= ${from} order by seq limit ${pageSize}) as next
      ) as page
      where before < ${pageBytes} order by seq`)
    const gap = rows.findIndex(({ seq }, nth) => seq !== Math.max(1, from) + nth)
    const there = rows[0]?.there ?? 0
    if (gap === -1) return { rows, more: there === pageSize || rows.length < there }
    // A row that somebody put beyond the end does not show that one of ours is gone.
    const { vouched } = await lastVouched(database.run, deps)
    return { rows: vouched.seq >= (rows[gap]?.seq ?? 0) ? rows : rows.slice(0, gap), more: false }
  }

  /** Takes what is new, in one go: others may have taken part of it while it was read. @returns whether it fits */
  const take = (rows: readonly Row[], from: number): boolean => {
    if (from > 0 && rows[0]?.seq !== from) {
      breaks(`event ${from} is gone`)
      return false
    }
    for (const one of rows) {
      if (one.seq < head.seq) continue
      if (one.seq === head.seq) {
        if (same(one.chain, head.chain)) continue
        breaks(`event ${one.seq} is not the one that was sealed`)
        return false
      }
      const event = linked(one, head, (it) => keys.macHolds('sealed', sealOf(deps.origin, it), macOf(it)))
      if (typeof event === 'string') {
        breaks(event)
        return false
      }
      if (event !== undefined && standing.push(event, one.seq, (it) => keys.verify(it)))
        log.alert('ledger.unsigned', { seq: one.seq, type: event.type, grant: event.grant })
      head = { seq: one.seq, chain: one.chain }
    }
    return true
  }

  const toldOfStrays = async (until: number): Promise<readonly number[]> =>
    (
      await database.run.any(sql.type(place)`
        select seq from audit_events where ${ofLedger} and type = 'grant.drift' and seq <= ${until}`)
    ).map(({ seq }) => seq)

  /** Goes on where some replica left off. Until all that it kept is there, nothing is given, and it is tried again. */
  const load = async (): Promise<void> => {
    const stored = await database.run.maybeOne(sql.type(keptRow)`
      select ${atMost(longest.standing, 'kept')}, ${atMost(longest.mac, 'mac_key')}, ${atMost(longest.mac, 'mac')}
      from ledger_standing`)
    const told = stored === null ? undefined : readKept(keys, stored)
    if (told === 'forged') log.alert('ledger.standing_forged', {})
    const known = told === 'forged' ? undefined : told
    const words = new Map(known?.policies)
    const seqs =
      known === undefined
        ? []
        : [
            ...known.overrides,
            ...(known.strays ?? (await toldOfStrays(known.seq))),
            ...words.keys(),
            ...known.open.map(([seq]) => seq),
          ]
    const before = createStanding()
    for (const some of inPages(
      seqs.toSorted((a, b) => a - b),
      pageSize,
    )) {
      const events = await database.run.any(sql.type(row)`
        select ${columns(Number.MAX_SAFE_INTEGER)} from audit_events
        where seq = any(${sql.array(some, 'int8')}) order by seq`)
      for (const one of events) {
        const event = readable(one)
        const isWord = words.get(one.seq) === leafOf(one.body)
        if (event !== undefined) before.push(event, one.seq, (it) => isWord || keys.verify(it))
      }
    }
    const bySeq = new Map([...before.open].map(([id, { seq }]) => [seq, id]))
    const gone = (known?.open ?? []).flatMap(([seq]) => (bySeq.has(seq) ? [] : [seq]))
    const remembered = new Map([...(known?.intents ?? []), ...(await intents.of(gone))])
    if (loaded) return
    lost = undefined
    const since = new Map(known?.blockedAt)
    const places = new Map(known?.places)
    for (const [seq, stage, blocked] of known?.open ?? []) {
      const id = bySeq.get(seq)
      const away = { blocked: true, blockedAt: since.get(seq) ?? began }
      if (id === undefined) {
        lost ??= `event ${seq}, an intent, is gone or was altered`
        const intent = remembered.get(seq)
        const place = places.get(seq)
        if (intent !== undefined)
          before.recall({ intent: { ...intent, ...(place && { place }) }, seq, stage, ...away })
      } else before.mark(id, { stage, ...(blocked ? away : { blocked }), place: places.get(seq) })
    }
    const found = new Map(wordsOf(before.policies))
    for (const [seq, leaf] of words)
      if (found.get(seq) !== leaf) lost ??= `event ${seq}, about policies, is gone or was altered`
    before.close(known?.closed ?? [], known?.over)
    before.revoke(known?.revoked ?? [])
    before.give(known === undefined ? [] : known.given, known?.perhapsGiven)
    standing = before
    head = known === undefined ? beginning : { seq: known.seq, chain: Buffer.from(known.chain, 'hex') }
    savedSeq = head.seq
    loaded = lost === undefined
    if (lost !== undefined) breaks(lost)
  }

  const read = async (): Promise<void> => {
    if (!loaded && deps.clock.now() >= loadAt) {
      await load()
      loadAt = deps.clock.now() + againMs
    }
    for (;;) {
      const from = head.seq
      const { rows, more } = await page(from)
      if (!take(rows, from)) return
      if (!more) {
        if (loaded) broken = undefined
        return
      }
    }
  }
  /** Hundreds look at the same time: each would read what the others do. */
  const shared = database.shared(async (keys) => {
    await read()
    return new Map(keys.map((key) => [key, true]))
  })

  return {
    /** Up to the newest event. */
    async standing(): Promise<Standing> {
      await shared('standing')
      const { open, closed, over, revoked, given, perhapsGiven, overrides, strays, policies } = standing
      return {
        open,
        closed,
        over,
        revoked,
        given,
        perhapsGiven,
        overrides,
        strays,
        policies,
        ...(broken === undefined ? {} : { broken }),
      }
    },

    /** Keeps what was read, under a MAC, for whoever starts next. */
    async keep(): Promise<void> {
      if (head.seq === savedSeq || broken !== undefined) return
      standing.forget(deps.clock.now())
      const { seq } = head
      const told: Kept = {
        seq,
        chain: hex(head.chain),
        open: [...standing.open.values()].map((one) => [one.seq, one.stage, one.blocked]),
        blockedAt: [...standing.open.values()].flatMap(({ seq, blockedAt }) =>
          blockedAt === undefined ? [] : [[seq, blockedAt]],
        ),
        places: [...standing.open.values()].flatMap(({ seq, intent: { place } }) =>
          place === undefined ? [] : [[seq, place]],
        ),
        overrides: [...standing.overrides.values()].map((one) => one.seq),
        strays: [...standing.strays.values()].map((one) => one.seq),
        policies: wordsOf(standing.policies),
        closed: [...standing.closed],
        over: [...standing.over].map(([id, { repository, path }]) => [id, repository, path]),
        revoked: [...standing.revoked.values()],
        given: [...standing.given],
        perhapsGiven: [...standing.perhapsGiven],
      }
      const text = JSON.stringify(told)
      const mac = keys.mac('standing', { kept: text })
      const open = [...standing.open.values()]
      await database.transaction(async (tx) => {
        await intents.keep(tx, open, seq)
        await connectionOf(tx).query(sql.unsafe`
          insert into ledger_standing (seq, kept, mac_key, mac) values (${seq}, ${text}, ${mac.key}, ${mac.value})
          on conflict (id) do update set
            seq = excluded.seq, kept = excluded.kept, mac_key = excluded.mac_key, mac = excluded.mac`)
      })
      savedSeq = seq
    },
  }
}

const leafOf = (body: Uint8Array): string => hex(leafHash(body))

const wordsOf = (policies: Standing['policies']): [number, string][] =>
  [...policies.values()].flatMap((words) =>
    words.map(({ seq, event }): [number, string] => [seq, leafOf(bodyOf(event))]),
  )

/** undefined: an older release has kept less than we need, and the ledger is read from its beginning. */
const readKept = (keys: Keys, { kept: text, macKey: key, mac: value }: z.infer<typeof keptRow>) => {
  if (!keys.macHolds('standing', { kept: text }, { key, value })) return 'forged'
  return kept.safeParse(JSON.parse(text)).data
}

/** The event of a row that follows `head`, undefined where it is nobody's, or why it cannot be the next. */
const linked = (one: Row, head: Place, isOurs: (one: Row) => boolean): LedgerEvent | string | undefined => {
  const { seq, body, leaf, chain } = one
  if (seq !== head.seq + 1) return `event ${head.seq + 1} is gone`
  const event = readable({ body })
  const whole = (one.whole || same(leafHash(body), leaf)) && same(linkHash(head.chain, seq, leaf), chain)
  // What links and is no event says nothing, unless we sealed it: then a newer release knows what it says.
  return whole && (event !== undefined || !isOurs(one))
    ? event
    : `event ${seq} was altered after it was sealed`
}

const macOf = ({ macKey: key, mac: value }: Row) => ({ key, value })

const readable = ({ body }: Pick<Row, 'body'>): LedgerEvent | undefined => {
  try {
    return eventOf(body)
  } catch (error) {
    if (error instanceof EventError) return undefined
    throw error
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
