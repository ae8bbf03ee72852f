import { sql } from 'slonik'
import { z } from 'zod'
import { eventIn } from '../../audit/body.ts'
import { leafHash, linkHash, originHead } from '../../audit/chain.ts'
import type { EventType, LedgerEvent } from '../../audit/event.ts'
import type { NoteKey } from '../../audit/note.ts'
import { linkedRotations } from '../../audit/rotation.ts'
import type { AnchorState, Checkpoints } from '../../reconcile/ports/checkpoints.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import { parseInstant } from '../../request/instant.ts'
import type { Database } from '../database.ts'
import { atMost, longest, valueAtMost } from '../longest.ts'
import { readRotations } from './checkpoints.ts'
import {
  lastVouched,
  leadsTo,
  ofLedger,
  sealedColumns,
  sealedRow,
  type VouchDeps,
  vouching,
} from './vouched.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
/** With the chain before it, where there is a row. */
const filedRow = sealedRow.extend({ body: bytes, before: bytes.exactOptional() })
const chainRow = z.object({ chain: bytes })
const waitingRow = z.object({ events: z.boolean(), urgent: z.boolean() })
/** Events of ours that somebody else put on top of are passed over, but not without end. */
const most = 100

/** What the ledger says of its own anchors. */
export const anchorReads = (
  deps: VouchDeps & {
    readonly database: Database
    readonly keys: Pick<Keys, 'verify'>
    readonly noteKeys: readonly NoteKey[]
  },
): Omit<Checkpoints, 'make' | 'newest'> => {
  const { database, keys, noteKeys } = deps
  /** Events of a type under our signature, where we sealed them, the newest first. */
  const ours = async (
    type: EventType & `ledger.${string}`,
  ): Promise<readonly { readonly seq: number; readonly event: LedgerEvent }[]> => {
    // As a literal: the partial index is not found by a parameter.
    const rows = await database.run.any(sql.type(filedRow)`
      select ${sealedColumns}, ${atMost(longest.event, 'body')},
        (select ${valueAtMost(longest.hash, 'chain')} from audit_events as known where known.seq = filed.seq - 1) as before
      from audit_events as filed
      where type in ('ledger.anchored', 'ledger.restored') and type = ${sql.literalValue(type)} and ${ofLedger}
      order by seq desc limit ${most}`)
    const isOurs = await vouching(database.run, deps, rows)
    return rows.flatMap((row) => {
      const { seq, body, chain, before = originHead(deps.origin) } = row
      // What vouches for a row names its chain, and the chain names its bytes.
      const whole = Buffer.compare(linkHash(before, seq, leafHash(body)), chain) === 0 && isOurs(row)
      const event = whole ? signedEvent(type, body, keys) : undefined
      return event === undefined ? [] : [{ seq, event }]
    })
  }

  return {
    async chainAt(size, linked) {
      const { vouched } = await lastVouched(database.run, deps)
      if (size > vouched.seq) return undefined
      const row = await database.run.maybeOne(sql.type(chainRow)`
        select ${atMost(longest.hash, 'chain')} from audit_events where seq = ${size}`)
      const held = row !== null && (!linked || (await leadsTo(database.run, { seq: size, ...row }, vouched)))
      return held ? row.chain : undefined
    },

    async anchors(repository) {
      const [last] = (await ours('ledger.anchored')).flatMap(
        ({ seq, event }) => (event.repo === repository && lastOf(seq, event)) || [],
      )
      const { events, urgent } = await database.run.one(sql.type(waitingRow)`
        select
          exists (select from audit_events where seq > ${last?.size ?? 0} and type <> 'ledger.anchored') as events,
          exists (
            select from audit_events
            where seq > ${last?.size ?? 0} and type in ('breakglass.invoked', 'policy.overridden', 'policy.accepted')
          ) as urgent`)
      const waiting = urgent ? 'urgent' : events ? 'events' : 'nothing'
      return { ...(last === undefined ? {} : { last }), waiting }
    },

    recorded: async (type, commit) => (await ours(type)).some(({ event }) => event.commit === commit),

    keys: async () => ({
      keys: noteKeys.map(({ text }) => text),
      rotations: linkedRotations(noteKeys, await readRotations(database)),
    }),
  }
}

/** `gitsudo audit verify` names what was altered; here it only says nothing. */
const signedEvent = (
  type: EventType,
  body: Uint8Array,
  keys: Pick<Keys, 'verify'>,
): LedgerEvent | undefined => {
  const event = eventIn(body)
  return event?.type === type && keys.verify(event) ? event : undefined
}

/** Undefined, too, for one that names more events than were there before it: nothing is anchored before it is sealed. */
const lastOf = (seq: number, { at, commit, data }: LedgerEvent): AnchorState['last'] => {
  const time = parseInstant(at)
  const { size } = data
  return commit === undefined || typeof size !== 'number' || size >= seq || time === undefined
    ? undefined
    : { size, commit, at: time }
}
