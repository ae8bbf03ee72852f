import { type Checkpoint, readCheckpoint } from '../../audit/checkpoint.ts'
import { NoteError, openNote, readNoteKey } from '../../audit/note.ts'
import { trustedKeys } from '../../audit/rotation.ts'
import type { AnchorBranch } from '../ports/anchor.ts'
import type { Checkpoints } from '../ports/checkpoints.ts'
import type { Sha } from '../ports/git.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { AnchorFacts } from './decide.ts'

export type ObserveDeps = {
  readonly branch: AnchorBranch
  readonly checkpoints: Checkpoints
  readonly ledger: Pick<Ledger, 'waiting'>
  readonly instance: string
  /** The anchor repository's numeric id. */
  readonly repository: number
}

/**
 * The branch first, then the ledger, which is never behind it; what is staged before what is sealed.
 * @param doubted look, too, for what others hid under the tip, and whether all that is there lies on what was anchored
 */
export const observeAnchor = async (deps: ObserveDeps, doubted: boolean): Promise<AnchorFacts> => {
  const { branch, checkpoints, ledger, repository } = deps
  const commit = await branch.tip()
  const checkpoint = commit === undefined ? undefined : await checkpointAt(deps, commit)
  const waiting = await ledger.waiting('ledger.anchored')
  const { last } = await checkpoints.anchors(repository)
  const known = last === undefined ? {} : { last }
  const onTop = last === undefined || (commit !== undefined && (await branch.descends(last.commit, commit)))
  // Another replica has anchored since the branch was read.
  if (!onTop && (await branch.tip()) !== commit) return observeAnchor(deps, doubted)
  if (commit === undefined) return known
  const holds = checkpoint !== undefined && (await isHeld(deps, checkpoint, doubted))
  const staged = waiting.some((event) => event.commit === commit)
  const acknowledged = await checkpoints.recorded('ledger.restored', commit)
  const told = staged || acknowledged || !onTop || (checkpoint !== undefined && !holds)
  const hidden = told || !doubted ? undefined : await hiddenUnder(deps, commit, last?.commit)
  return {
    ...known,
    tip: {
      commit,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      holds,
      onTop,
      staged,
      acknowledged,
      ...(hidden === undefined ? {} : { hidden }),
    },
  }
}

/** Commits that are looked through for what somebody hid under them, two calls each. */
const mostCommits = 20

/** Back from the tip to the last anchor on record, or where there is none, to one that the ledger holds. */
const hiddenUnder = async (
  deps: ObserveDeps,
  tip: Sha,
  last: Sha | undefined,
): Promise<NonNullable<AnchorFacts['tip']>['hidden']> => {
  const seen = new Set([tip])
  for (const commit of seen) {
    if (commit === last) continue
    if (seen.size > mostCommits) return 'too deep'
    const checkpoint = await checkpointAt(deps, commit)
    const held = checkpoint !== undefined && (await isHeld(deps, checkpoint, true))
    if (checkpoint !== undefined && !held) {
      if (!(await deps.checkpoints.recorded('ledger.restored', commit))) return { commit, checkpoint }
    } else if (!held || last !== undefined) {
      for (const parent of await deps.branch.parents(commit)) seen.add(parent)
    }
  }
  return undefined
}

/** Whether the ledger holds what it says. */
export const isHeld = async (
  { checkpoints }: Pick<ObserveDeps, 'checkpoints'>,
  { size, head }: Checkpoint,
  linked: boolean,
): Promise<boolean> => {
  const chain = await checkpoints.chainAt(size, linked)
  return chain !== undefined && Buffer.compare(chain, head) === 0
}

/** The checkpoint of this instance that lies at a commit under a signature of ours. */
const checkpointAt = async (
  { branch, checkpoints, instance }: ObserveDeps,
  commit: Sha,
): Promise<Checkpoint | undefined> => {
  const note = await branch.file(commit, 'checkpoint')
  if (note === undefined) return undefined
  const { keys, rotations } = await checkpoints.keys()
  try {
    const { text, signedBy } = openNote(note, trustedKeys(keys.map(readNoteKey), rotations))
    const checkpoint = readCheckpoint(text)
    return signedBy.length > 0 && checkpoint.origin === instance ? checkpoint : undefined
  } catch (error) {
    // Whoever may write to the branch may write anything there.
    if (error instanceof NoteError) return undefined
    throw error
  }
}
