import type { LedgerEvent } from '../../audit/event.ts'
import { backOff } from '../../grant/back-off.ts'
import { driftMs, sealMs } from '../../grant/bounds.ts'
import {
  driftEvent,
  endedEvent,
  failedEvent,
  issuedEvent,
  quarantinedEvent,
  refusedEvent,
  revokeIntendedEvent,
} from '../../grant/events.ts'
import { correctGrant, moveGrant } from '../../grant/moves.ts'
import type { GrantState } from '../../grant/state.ts'
import type { Step } from '../../grant/step.ts'
import { wakePull } from '../key.ts'
import type { WakeUp } from '../ports/queue.ts'
import type { GrantRow } from '../ports/store.ts'
import type { BindingLock } from './binding.ts'
import { cutBack, inspect } from './cut-back.ts'
import type { LookDeps } from './deps.ts'
import { ensureFenced } from './ensure.ts'
import { done, moved, record } from './record.ts'
import { clear, type End, remove } from './remove.ts'
import type { Situation } from './situation.ts'

/** Does one step. @returns the situation after it, `done`, or `moved` when it must be observed afresh. */
export const act = async (
  deps: LookDeps,
  lock: BindingLock,
  situation: Situation,
  step: Step,
  signal: AbortSignal,
): Promise<Situation | typeof done | typeof moved> => {
  const now = deps.clock.now()
  const { row } = situation
  const save = async (next: GrantRow, events: readonly LedgerEvent[] = [], wake: readonly WakeUp[] = []) =>
    (await record(deps, situation, next, events, wake)) === moved ? moved : done
  const alert = (event: string, why: string) =>
    deps.log.alert(event, { grant: row.id, repository: row.repository, pull: row.pull, why })
  /** What is not saved is observed afresh, and alerted then. */
  const alerted = (saved: typeof done | typeof moved, event: string, why: string) => {
    if (saved === done) alert(event, why)
    return saved
  }

  const end: End = (after, then) => act(deps, lock, after, then, signal)

  switch (step.kind) {
    case 'rest': {
      const next = resting(situation, step)
      return next === situation.saved ? done : save(next)
    }
    case 'retry': {
      deps.log.warn('grant retried', {
        grant: row.id,
        state: row.state,
        tries: row.tries + 1,
        why: step.note,
      })
      const next = { ...withAbsence(situation), tries: row.tries + 1, note: step.note, lookAt: step.at }
      const saved = await save(next)
      return step.alert ? alerted(saved, 'grant.waits', step.note) : saved
    }
    case 'start':
      return save(
        { ...row, tries: row.tries + 1, lookAt: step.again },
        [],
        [wakePull(row.repository, row.pull)],
      )
    case 'refuse':
      return alerted(
        await save(final(row, 'refused', step.why), [refusedEvent(row, now, step.why)]),
        'grant.refused',
        step.why,
      )
    case 'correct':
      alert('grant.row_differs', step.why)
      return {
        ...situation,
        row: fresh({ ...row, state: correctGrant(row.state, 'revoking'), note: step.why }),
      }
    case 'expire':
      return {
        ...situation,
        row: fresh({ ...row, state: moveGrant(row.state, 'revoking'), cause: 'expired' }),
      }
    case 'intend_revoke':
      return intendRevoke(deps, situation, step, now)
    case 'ensure':
      return ensureFenced(deps, lock, situation, signal)
    case 'inspect':
      return inspect(deps, situation, signal)
    case 'cut_back':
      return cutBack(deps, lock, situation, step.why, signal)
    case 'remove':
      return remove(deps, lock, situation, signal, end)
    case 'clear':
      return clear(deps, lock, situation, signal, end)
    case 'activate': {
      const next = { ...fresh(row), state: moveGrant(row.state, 'active'), activeAt: now }
      const lookAt = Math.min(row.endsAt, now + driftMs)
      return save({ ...next, lookAt }, [issuedEvent(row, now, step.handle, row.endsAt, step.without)])
    }
    case 'drift': {
      const saved = await record(deps, situation, { ...row, note: step.why }, [
        driftEvent(row, now, step.why),
      ])
      if (saved === moved) return moved
      alert('grant.drift', step.why)
      return saved.situation
    }
    case 'note_absence':
      deps.sighted(row.id, now, now)
      return save({ ...row, absentSince: now, lookAt: step.again })
    case 'end': {
      // Where a verified end is sealed already, the row was wrong and a second one would be a lie.
      const { provider, ledger } = situation
      const lingerMs = ledger.intent === undefined ? 0 : provider?.lingerMs?.(ledger.intent)
      const { asked } = step
      const intended = asked === undefined ? [] : [revokeIntendedEvent(row, now, asked.by, asked.why)]
      const events = ledger.over === undefined ? [...intended, endedEvent(row, now, step, lingerMs)] : []
      const { note: _, ...ended } = final(row, 'ended')
      const saved = await save({ ...ended, cause: step.cause, endedAt: step.goneAt }, events)
      return step.cause === 'revoked externally'
        ? alerted(saved, 'grant.missing', situation.cut ?? 'somebody took it away in the cloud')
        : saved
    }
    case 'fail':
      return alerted(
        await save(final(row, 'failed', step.why), [failedEvent(row, now, step.why)]),
        'grant.failed',
        step.why,
      )
    case 'quarantine': {
      const via = row.state === 'active' ? moveGrant(row.state, 'revoking') : row.state
      const next = { ...fresh(row), state: moveGrant(via, 'quarantined'), note: step.why }
      const events = [quarantinedEvent(row, now, step.why)]
      const saved = await save({ ...next, lookAt: now + backOff(row.tries, row.id) }, events)
      return alerted(saved, 'grant.quarantined', step.why)
    }
    case 'close_attempts':
      for (const { fence } of situation.open) await deps.store.closeAttempt(row.id, fence, now)
      return { ...situation, open: [] }
  }
}

const intendRevoke = async (
  deps: LookDeps,
  situation: Situation,
  { by, why }: Extract<Step, { kind: 'intend_revoke' }>,
  now: number,
): Promise<Situation | typeof moved> => {
  const { row } = situation
  const stays = row.state === 'revoking' || row.state === 'quarantined'
  const next = stays ? row : fresh({ ...row, state: moveGrant(row.state, 'revoking'), cause: 'revoked' })
  const event = revokeIntendedEvent(row, now, by, why)
  const lookAt = now + sealMs + backOff(row.tries, row.id)
  const saved = await record(deps, situation, { ...next, tries: next.tries + 1, lookAt }, [event])
  if (saved === moved) return moved
  await deps.ledger.sealed(saved.staged, now + sealMs)
  const { seen: _, ...rest } = saved.situation
  return { ...rest, ledger: { ...situation.ledger, revoke: { why }, blocked: true } }
}

/** The row at the start of a new stretch of tries. */
const fresh = (row: GrantRow): GrantRow => ({ ...row, tries: 0 })

const final = (row: GrantRow, state: GrantState, why?: string): GrantRow => {
  const { lookAt: _, ...rest } = row
  return { ...fresh(rest), state: moveGrant(row.state, state), ...(why === undefined ? {} : { note: why }) }
}

/** The row, its first absent read forgotten where something was there since. */
const withAbsence = ({ row, seen }: Situation): GrantRow => {
  const { absentSince: _, ...rest } = row
  const there = seen?.kind === 'present' || seen?.kind === 'removing'
  return there ? rest : row
}

/** The row with nothing to do before `until`; the stored one itself when it says so already. */
const resting = (situation: Situation, { until, well }: Extract<Step, { kind: 'rest' }>): GrantRow => {
  const { saved } = situation
  const { lookAt: _, note, ...rest } = withAbsence(situation)
  const next = {
    ...fresh(rest),
    ...(well === true || note === undefined ? {} : { note }),
    ...(until === undefined ? {} : { lookAt: until }),
  }
  const same = saved !== undefined && JSON.stringify(sorted(next)) === JSON.stringify(sorted(saved))
  return same ? saved : next
}

const sorted = (row: GrantRow): readonly (readonly [string, unknown])[] =>
  Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
