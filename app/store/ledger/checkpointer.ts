import { sql } from 'slonik'
import { z } from 'zod'
import { checkpointText } from '../../audit/checkpoint.ts'
import { NoteError, openNote, signNote } from '../../audit/note.ts'
import { rotationsDue, type Signer, trustedKeys } from '../../audit/rotation.ts'
import { inTurn } from '../../reconcile/in-turn.ts'
import type { Checkpoints, SignedCheckpoint } from '../../reconcile/ports/checkpoints.ts'
import type { Clock } from '../../reconcile/ports/clock.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import { connectionOf, type Database } from '../database.ts'
import { putCheckpoint, putRotation, readRotations } from './checkpoints.ts'
import { LedgerError } from './error.ts'
import { advance, emptyFront, type Front } from './front.ts'
import { isSignedBetween, newestHeld, seekSigned, type Trust } from './newest.ts'
import { adriftBehind, lastVouched } from './vouched.ts'

/** audit.md: at most every 10 s while events come. */
const everyMs = 10_000
const alertEveryMs = 60_000
/** So many that are not ours are passed over in a second at the worst, with a signature to check on each. */
const usualMostPassed = 5_000

const flag = z.object({ is: z.boolean() })

export type CheckpointerDeps = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly keys: Pick<Keys, 'macHolds'>
  /** The instance. */
  readonly origin: string
  /** Each of them signs. */
  readonly signers: readonly Signer[]
  /** So many stored checkpoints that are not ours one look passes over; the next goes on from there. */
  readonly mostPassed?: number
}

/** Makes checkpoints (the port says how); the lock makes one replica do it at a time. */
export const createCheckpointer = (deps: CheckpointerDeps): Pick<Checkpoints, 'make' | 'newest'> => {
  const { database, clock, log, origin, signers, mostPassed = usualMostPassed } = deps
  const noteKeys = signers.map(({ key }) => key)
  /** Up to the newest checkpoint that this process knows to hold. */
  let front: Front = emptyFront(origin)
  let introduced = false
  /** Where a search for the newest checkpoint of ours left off, and what it passed over. */
  let search: { readonly below?: number; readonly others: number } = { others: 0 }
  const alerted = new Map<string, { readonly why: string; readonly at: number }>()
  const turn = inTurn()

  const tell = (event: string, why: string, about = event): void => {
    const now = clock.now()
    const last = alerted.get(about)
    if (last?.why === why && now - last.at < alertEveryMs && now >= last.at) return
    alerted.set(about, { why, at: now })
    log.alert(event, { why })
  }
  const refuse = (why: string): undefined => {
    tell('checkpoint.refused', why)
  }
  /** Whoever has the database can store anything as a checkpoint: what no key of ours has signed is passed over. */
  const trust = async (): Promise<Trust> => ({
    origin,
    keys: trustedKeys(noteKeys, await readRotations(database)),
  })

  /** New signing keys get the word of one that is known before anything rests on them alone. */
  const introduce = async (newest: SignedCheckpoint | undefined, others: number): Promise<void> => {
    const started =
      newest === undefined ? (others > 0 ? [] : undefined) : openNote(newest.note, noteKeys).signedBy
    const due = rotationsDue(signers, await readRotations(database), started)
    if (due === 'nobody known')
      log.alert('checkpoint.key_unknown', {
        why: 'no signing key here has signed the newest checkpoint, nor did one that has introduce it',
      })
    else for (const note of due) await database.transaction((tx) => putRotation(tx, note))
    introduced = true
  }

  /** How far the ledger is ours: what comes after it is signed once the sealer has put it on record as foreign. */
  const lastSeq = async (): Promise<number> => {
    const { vouched, foreign } = await lastVouched(database.run, { ...deps, noteKeys })
    const adrift = await adriftBehind(database.run, foreign?.last ?? vouched)
    if (adrift !== undefined)
      tell(
        'ledger.adrift',
        `event ${adrift} is in no line with the others: it is not gitsudo's, and not taken for any`,
      )
    return vouched.seq
  }

  const isDue = async (newest: SignedCheckpoint | undefined): Promise<boolean> => {
    const now = clock.now()
    // One from the future: a clock was set back.
    if (newest === undefined || now - newest.madeAt >= everyMs || newest.madeAt > now) return true
    const { is } = await database.run.one(sql.type(flag)`
      select exists (
        select from audit_events where seq > ${newest.size} and type in ('breakglass.invoked', 'policy.overridden')
      ) as is`)
    return is
  }

  const seek = async (trusted: Trust) => {
    let { others } = search
    const { below } = search
    // It begins anew after trouble, too.
    search = { others: 0 }
    const found = await seekSigned(database, trusted, below === undefined ? {} : { below }, {
      most: mostPassed,
      other(why) {
        if (others === 0) tell('checkpoint.refused', `stored, and not ours: ${why}`, 'not ours')
        others += 1
      },
    })
    if (found.below === undefined) return { newest: found.newest, others }
    search = { below: found.below, others }
    return 'further'
  }

  const attempt = async (when: 'due' | 'now'): Promise<SignedCheckpoint | undefined> => {
    const trusted = await trust()
    const found = await seek(trusted)
    if (found === 'further') return undefined
    const { newest, others } = found
    if (!introduced) await introduce(newest, others)
    const size = await lastSeq()
    if (size === 0 || (newest !== undefined && size === newest.size)) return undefined
    if (when === 'due' && !(await isDue(newest))) return undefined
    if (newest !== undefined && newest.size > size)
      return refuse(`the newest checkpoint is over ${newest.size} events, and there are ${size}`)
    if ((newest?.size ?? 0) < front.tree.size)
      return refuse(`the checkpoint over ${front.tree.size} events is gone`)
    if (newest !== undefined) {
      const at = await advance(database.run, front, newest.size)
      if (!same(at.tree.root(), newest.root) || !same(at.head, newest.head))
        return refuse(`the stored checkpoint over ${newest.size} events is not of this ledger`)
      front = at
    }
    const made = await database.transaction(async (tx) => {
      const connection = connectionOf(tx)
      const { is: alone } = await connection.one(sql.type(flag)`
        select pg_try_advisory_xact_lock(hashtextextended('gitsudo checkpoint', 0)) as is`)
      if (!alone) return undefined
      const end = await lastSeq()
      // One that another made meanwhile lies before the end: what lies behind it is not walked again.
      if (await isSignedBetween(database, trusted, newest?.size ?? -1, end)) return undefined
      const at = await advance(connection, front, end)
      const checkpoint = { origin, size: at.tree.size, root: at.tree.root(), head: at.head }
      const note = signNote(checkpointText(checkpoint), signers)
      const madeAt = clock.now()
      if (!(await putCheckpoint(tx, { size: checkpoint.size, note, madeAt })))
        return refuse(`something else is stored as the checkpoint over ${checkpoint.size} events`)
      return { at, signed: { ...checkpoint, note, madeAt } }
    })
    if (made !== undefined) front = made.at
    return made?.signed
  }

  return {
    make: (when) =>
      turn(() =>
        attempt(when).catch((error: unknown) => {
          if (error instanceof LedgerError || error instanceof NoteError) return refuse(error.message)
          throw error
        }),
      ),
    newest: async () => newestHeld(database, await trust()),
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
