import { openNote } from '../audit/note.ts'
import { readRotation } from '../audit/rotation.ts'
import { sealMs } from '../grant/bounds.ts'
import { type AnchorStep, anchorDue, decideAnchor } from './anchor/decide.ts'
import { anchoredEvent, restoredEvent } from './anchor/event.ts'
import { isHeld, type ObserveDeps, observeAnchor } from './anchor/observe.ts'
import type { Checkpoints, SignedCheckpoint } from './ports/checkpoints.ts'
import type { Clock } from './ports/clock.ts'
import { GitHubError } from './ports/github.ts'
import type { Keys } from './ports/keys.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { Store } from './ports/store.ts'

/** The branch that anchors lie on. */
export const anchorBranch = 'gitsudo-ledger'

export type AnchorDeps = ObserveDeps & {
  readonly clock: Clock
  readonly log: Log
  readonly store: Pick<Store, 'transaction' | 'serialise'>
  readonly ledger: Pick<Ledger, 'stage' | 'sealed' | 'waiting'>
  readonly keys: Pick<Keys, 'sign'>
}

const soonMs = 1_000
const retryMs = 10_000
/** For what only a person can end, or what takes many calls to see; said again each time. */
const lastingMs = 5 * 60_000

/**
 * Anchors the newest checkpoint, and knows whether the ledger still holds what was anchored. Level-triggered: the
 * branch tells what became of a commit whose answer, or whose record, was lost.
 */
export const createAnchorer = (deps: AnchorDeps) => {
  const { branch, checkpoints, clock, log, repository } = deps
  let unseen: string | undefined = 'the anchor has not been seen since the start'
  let lost: string | undefined
  let notBefore = Number.NEGATIVE_INFINITY

  const putOff = (ms: number): void => {
    notBefore = clock.now() + ms
  }
  const doubt = (): string | undefined => lost ?? unseen
  /** Trouble is no verdict (3.12): neither doubt ends by it, and none begins. */
  const trouble = (why: string): void => {
    if (unseen !== undefined) unseen = `the anchor has not been seen since the start: ${why}`
    putOff(doubt() === undefined ? lastingMs : retryMs)
  }
  /** A clock that was set back must not make this wait for ever. */
  const mayAsk = (): boolean => clock.now() >= notBefore || notBefore - clock.now() > lastingMs + retryMs

  const learn = (step: AnchorStep): void => {
    if (step.act === 'stop') {
      log.alert('anchor.stopped', { repository, why: step.why })
      trouble(step.why)
      if (step.deep) putOff(lastingMs)
    } else if (step.act === 'lost') {
      lost = `the database lacks what the newest anchor holds, ${step.checkpoint.size} events: was a backup restored? gitsudo server acknowledge-restore`
      if (step.under !== undefined) log.alert('anchor.foreign', { repository, commit: step.under })
      log.alert('ledger.restored', { anchor: step.commit, size: step.checkpoint.size, why: lost })
      putOff(step.under === undefined ? retryMs : lastingMs)
    } else {
      unseen = undefined
      // A backup of before the first anchor knows of no branch: that there is none then does not undo what was seen.
      if (step.act !== 'commit' || step.parent !== undefined) lost = undefined
    }
  }

  const act = async (step: AnchorStep): Promise<void> => {
    if (step.act === 'record') {
      await record(deps, anchoredEvent({ ...step, repository, branch: anchorBranch }, clock.now()))
    } else if (step.act === 'commit') {
      const newest = await checkpoints.newest()
      const { last, waiting } = await checkpoints.anchors(repository)
      if (newest === undefined || !anchorDue({ ...(last && { last }), waiting }, clock.now())) return
      // Another replica is about to make the checkpoint that holds what waits.
      if (newest.size <= (last?.size ?? 0)) return
      if (!(await isHeld(deps, newest, true))) {
        const why = `the newest checkpoint, over ${newest.size} events, is not of this ledger: it is not anchored`
        log.alert('checkpoint.refused', { why })
        return putOff(lastingMs)
      }
      if (step.foreign) log.alert('anchor.foreign', { repository, commit: step.parent })
      const commit = await branch.commit({
        ...(step.parent === undefined ? {} : { parent: step.parent }),
        message: `Anchor ${newest.size} events of ${deps.instance}`,
        files: await filesOf(checkpoints, newest),
      })
      await record(
        deps,
        anchoredEvent({ commit, checkpoint: newest, repository, branch: anchorBranch }, clock.now()),
      )
    }
  }

  /** What goes wrong on GitHub is said, and tried again after its time. */
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error
      const { code, message, retryAt } = error
      if (code === 'conflict') return putOff(soonMs)
      if (code === 'unavailable' || code === 'rate_limited') {
        log.warn('the anchor has to wait', { repository, why: message })
        return putOff(Math.min(lastingMs, Math.max(retryMs, (retryAt ?? 0) - clock.now())))
      }
      log.alert('anchor.refused', { repository, why: message })
      trouble(message)
    }
  }

  return {
    /** Why nothing may be given to anybody, if so (trust.md 3.11). */
    doubt,

    /** Whether an anchor is due now. While in doubt, looks at the branch first. */
    async due(): Promise<boolean> {
      if (!mayAsk()) return false
      if (doubt() !== undefined)
        await guarded(async () => learn(decideAnchor(await observeAnchor(deps, true))))
      return (
        doubt() === undefined && mayAsk() && anchorDue(await checkpoints.anchors(repository), clock.now())
      )
    },

    /** Looks at the branch and the ledger, and does what is next. */
    async look(): Promise<void> {
      if (!mayAsk() || !anchorDue(await checkpoints.anchors(repository), clock.now())) return
      await guarded(async () => {
        const step = decideAnchor(await observeAnchor(deps, doubt() !== undefined))
        learn(step)
        if (doubt() === undefined) await act(step)
      })
    },
  }
}

/**
 * Says on the record that the ledger lost what the newest anchor holds.
 * @returns how many events that holds
 * @throws GitHubError also where the branch is not where it has to be, so that nobody knows what was anchored
 */
export const acknowledgeRestore = async (deps: AnchorDeps): Promise<number | undefined> => {
  const step = decideAnchor(await observeAnchor(deps, true))
  if (step.act === 'stop') throw new GitHubError('not_found', `What was anchored cannot be told: ${step.why}`)
  if (step.act !== 'lost') return undefined
  const { repository } = deps
  await record(deps, restoredEvent({ ...step, repository, branch: anchorBranch }, deps.clock.now()))
  return step.checkpoint.size
}

/** Each is on record once, should another replica have seen the same commit meanwhile. */
const record = async (deps: AnchorDeps, event: ReturnType<typeof anchoredEvent>): Promise<void> => {
  const { type, commit } = event
  const staged = await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `anchor:${deps.repository}`)
    const waiting = await deps.ledger.waiting(type)
    const known = waiting.some((one) => one.commit === commit)
    if (known || (await deps.checkpoints.recorded(type, commit))) return []
    return [await deps.ledger.stage(tx, deps.keys.sign(event))]
  })
  await deps.ledger.sealed(staged, deps.clock.now() + sealMs)
}

/** All that a clone needs besides the first public key. */
const filesOf = async (
  checkpoints: Checkpoints,
  { note }: SignedCheckpoint,
): Promise<ReadonlyMap<string, string>> => {
  const { keys, rotations } = await checkpoints.keys()
  const later = rotations.map((one) => readRotation(openNote(one, []).text).key.text)
  // The first in use is the newest.
  const texts = [...new Set([...keys.filter((text) => !later.includes(text)).toReversed(), ...later])]
  return new Map([
    ['checkpoint', note],
    ['keys', texts.map((text) => `${text}\n`).join('')],
    ...rotations.map((one, index) => [`rotations/${index + 1}`, one] as const),
  ])
}
