import { sql } from 'slonik'
import { z } from 'zod'
import { EventError, eventOf } from '../../audit/body.ts'
import type { EventType, LedgerEvent } from '../../audit/event.ts'
import type { NoteKey } from '../../audit/note.ts'
import type { AnchorState, Checkpoints } from '../../reconcile/ports/checkpoints.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import { parseInstant } from '../../request/instant.ts'
import type { Database } from '../database.ts'
import { readRotations } from './checkpoints.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const bodyRow = z.object({ body: bytes })
const chainRow = z.object({ chain: bytes })
const waitingRow = z.object({ events: z.boolean(), urgent: z.boolean() })
/** Events of ours that somebody else put on top of are passed over, but not without end. */
const most = 100

/** What the ledger says of its own anchors. */
export const anchorReads = (
  database: Database,
  keys: Pick<Keys, 'verify'>,
  noteKeys: readonly NoteKey[],
): Omit<Checkpoints, 'make' | 'newest'> => {
  /** Events of a type under our signature, the newest first. */
  const ours = async (type: EventType & `ledger.${string}`): Promise<readonly LedgerEvent[]> => {
    // As a literal: the partial index is not found by a parameter.
    const rows = await database.run.any(sql.type(bodyRow)`
      select body from audit_events
      where type in ('ledger.anchored', 'ledger.restored') and type = ${sql.literalValue(type)}
      order by seq desc limit ${most}`)
    return rows.flatMap(({ body }) => signedEvent(body, keys) ?? [])
  }

  return {
    async chainAt(size) {
      const row = await database.run.maybeOne(sql.type(chainRow)`
        select chain from audit_events where seq = ${size}`)
      return row?.chain
    },

    async anchors(repository) {
      const event = (await ours('ledger.anchored')).find(({ repo }) => repo === repository)
      const last = event && lastOf(event)
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

    recorded: async (type, commit) => (await ours(type)).some((event) => event.commit === commit),

    keys: async () => ({
      keys: noteKeys.map(({ text }) => text),
      rotations: await readRotations(database),
    }),
  }
}

const signedEvent = (body: Uint8Array, keys: Pick<Keys, 'verify'>): LedgerEvent | undefined => {
  try {
    const event = eventOf(body)
    return keys.verify(event) ? event : undefined
  } catch (error) {
    // `gitsudo audit verify` names what was altered; here it only says nothing.
    if (error instanceof EventError) return undefined
    throw error
  }
}

const lastOf = ({ at, commit, data }: LedgerEvent): AnchorState['last'] => {
  const time = parseInstant(at)
  return commit === undefined || typeof data.size !== 'number' || time === undefined
    ? undefined
    : { size: data.size, commit, at: time }
}
