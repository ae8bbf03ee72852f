import type { Checkpoint } from '../../audit/checkpoint.ts'
import type { AnchorState } from '../ports/checkpoints.ts'
import type { Sha } from '../ports/git.ts'

/** audit.md: at most once a minute; what is urgent, at once, but for what comes right behind an anchor. */
const everyMs = { events: 60_000, urgent: 5_000 }

/** Whether what is sealed wants an anchor now (epoch ms). */
export const anchorDue = ({ last, waiting }: AnchorState, now: number): boolean => {
  if (waiting === 'nothing') return false
  // One from the future: a clock was set back.
  return last === undefined || now - last.at >= everyMs[waiting] || last.at > now
}

export type AnchorFacts = {
  /** The last anchor on record, and whether another waits for its seal. */
  readonly last?: AnchorState['last']
  readonly tip?: {
    readonly commit: Sha
    /** What lies there under our own signature. */
    readonly checkpoint?: Checkpoint
    /** Whether the ledger holds what it says. */
    readonly holds: boolean
    /** Whether the branch has only grown since the last anchor on record. */
    readonly onTop: boolean
    /** Its record waits for the seal. */
    readonly staged: boolean
    /** Somebody said that what the ledger lost of it is lost. */
    readonly acknowledged: boolean
    /**
     * What others hid between it and the last anchor on record: one of ours that the ledger does not hold and that nobody
     * acknowledged; `too deep` where more lies there than is looked through.
     */
    readonly hidden?: { readonly commit: Sha; readonly checkpoint: Checkpoint } | 'too deep'
  }
}

export type AnchorStep =
  /** `foreign`: somebody else has written to the branch. */
  | { readonly act: 'commit'; readonly parent?: Sha; readonly foreign: boolean }
  /** A commit of ours that is not on record: we died, or GitHub's answer was lost. */
  | { readonly act: 'record'; readonly commit: Sha; readonly checkpoint: Checkpoint }
  | { readonly act: 'wait' }
  /** The branch is not to be touched. `deep`: it cost many calls to see that. */
  | { readonly act: 'stop'; readonly why: string; readonly deep?: true }
  /** The database ends before the newest anchor, or differs from it (trust.md 3.11). `under`: what others put on top. */
  | { readonly act: 'lost'; readonly commit: Sha; readonly checkpoint: Checkpoint; readonly under?: Sha }

/** What follows from where the branch is and what the ledger says; the branch is never moved back. */
export const decideAnchor = ({ last, tip }: AnchorFacts): AnchorStep => {
  if (tip === undefined)
    return last === undefined
      ? { act: 'commit', foreign: false }
      : { act: 'stop', why: `the branch is gone: put it back at the anchor ${last.commit}` }
  const { commit, checkpoint, holds, onTop, staged, acknowledged, hidden } = tip
  if (checkpoint !== undefined && !holds && !acknowledged) return { act: 'lost', commit, checkpoint }
  if (staged) return { act: 'wait' }
  if (commit === last?.commit) return { act: 'commit', parent: commit, foreign: false }
  if (last !== undefined && !onTop)
    return {
      act: 'stop',
      why: `the branch is at ${commit}, which is not on top of the anchor ${last.commit}: put it back there`,
    }
  if (hidden === 'too deep')
    return {
      act: 'stop',
      why: `too many commits of others lie on the branch: ${last === undefined ? 'take them away' : `put it back at the anchor ${last.commit}`}`,
      deep: true,
    }
  if (hidden !== undefined) return { act: 'lost', ...hidden, under: commit }
  if (checkpoint !== undefined && holds && checkpoint.size > (last?.size ?? 0))
    return { act: 'record', commit, checkpoint }
  return { act: 'commit', parent: commit, foreign: !acknowledged }
}
