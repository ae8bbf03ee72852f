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

/** The branch first, then the ledger, which is never behind it; what is staged before what is sealed. */
export const observeAnchor = async (deps: ObserveDeps): Promise<AnchorFacts> => {
  const { branch, checkpoints, ledger, repository } = deps
  const commit = await branch.tip()
  const checkpoint = commit === undefined ? undefined : await checkpointAt(deps, commit)
  const waiting = await ledger.waiting('ledger.anchored')
  const { last } = await checkpoints.anchors(repository)
  const known = last === undefined ? {} : { last }
  if (commit === undefined) return known
  const onTop = last === undefined || (await branch.descends(last.commit, commit))
  // Another replica has anchored since the branch was read.
  if (!onTop && (await branch.tip()) !== commit) return observeAnchor(deps)
  const chain = checkpoint && (await checkpoints.chainAt(checkpoint.size))
  return {
    ...known,
    tip: {
      commit,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      holds: checkpoint !== undefined && chain !== undefined && Buffer.compare(chain, checkpoint.head) === 0,
      onTop,
      staged: waiting.some((event) => event.commit === commit),
      acknowledged: await checkpoints.recorded('ledger.restored', commit),
    },
  }
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
