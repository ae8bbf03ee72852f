import { leaseMs, writeMs } from '../../grant/bounds.ts'
import type { Seen } from '../../grant/step.ts'
import type { BindingLock } from './binding.ts'
import { ask } from './call.ts'
import type { LookDeps } from './deps.ts'
import { observeFirst } from './observe.ts'
import { moved, record } from './record.ts'
import type { Situation } from './situation.ts'
import { withheld } from './withheld.ts'

/**
 * The fenced write (providers.md, A lease is not exclusion). The attempt is on record before the row is saved
 * under its fencing number, and the row before the call: whoever reads the row we saved also finds the attempt,
 * and whoever read an older one cannot save. After the call the row must still be ours; if it is not, the attempt
 * stays open, so that whoever looks next takes away what we may have made.
 */
export const ensureFenced = async (
  deps: LookDeps,
  lock: BindingLock,
  situation: Situation,
  signal: AbortSignal,
): Promise<Situation | typeof moved> => {
  const { row, provider } = situation
  const { absentSince, ...unread } = row
  const { intent } = situation.ledger
  if (intent === undefined) throw new Error(`grant ${row.id} has no verified intent`)
  const openedAt = deps.clock.now()
  const ms = writeMs(openedAt, intent.endsAt)
  if (ms === undefined) return moved
  if (provider === undefined) return { ...situation, ...(await ask(deps, situation, signal, never)) }
  const why = await withheld(deps, row.id)
  if (why !== undefined) return { ...situation, seen: { kind: 'trouble', why, patience: Infinity } }
  if (provider.observe !== undefined && intent.place === undefined)
    return observeFirst(deps, situation, provider, intent, signal)
  const fence = row.version + 1
  deps.sighted(row.id, openedAt, openedAt)
  await deps.store.openAttempt({ grant: row.id, fence, action: 'ensure', openedAt })
  // Whatever was read absent says nothing of what this writes, whether or not we live to say that it did.
  const saved = await record(deps, situation, { ...unread, lookAt: openedAt + ms + leaseMs })
  if (saved === moved) return moved
  const ours = async () => (await deps.store.grant(row.id))?.version === fence
  const deadline = openedAt + ms
  // The clock is read last: whatever we waited for, a call past its deadline is not sent.
  let late = false
  const { seen, answered } = await ask(
    deps,
    saved.situation,
    signal,
    (cloud, wanted, call) =>
      lock('gives', cloud, wanted, call, async (): Promise<Seen> => {
        late = !(await ours()) || deps.clock.now() >= deadline
        return late ? { kind: 'unknown', why: 'not sent' } : cloud.ensure(wanted, call)
      }),
    deadline,
  )
  const still = await ours()
  const close = late || (answered && (still || seen.kind !== 'present'))
  if (close) await deps.store.closeAttempt(row.id, fence, deps.clock.now())
  if (!still || late) return moved
  const open = close ? situation.open : [...situation.open, { fence, openedAt }]
  if (seen.kind === 'trouble' && row.tries >= seen.patience) {
    const kept = { ...saved.situation.row, ...(absentSince === undefined ? {} : { absentSince }) }
    return { ...saved.situation, row: kept, open, refusal: seen.why }
  }
  return { ...saved.situation, open, seen }
}

const never = (): Promise<never> => Promise.reject(new Error('asked a provider that is not there'))
