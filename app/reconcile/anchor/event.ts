import type { Checkpoint } from '../../audit/checkpoint.ts'
import type { LedgerEvent } from '../../audit/event.ts'
import { hex } from '../../audit/hex.ts'
import { gitsudo } from '../../grant/events.ts'
import { writeInstant } from '../../request/instant.ts'
import type { Sha } from '../ports/git.ts'

type Anchor = {
  readonly repository: number
  readonly branch: string
  readonly commit: Sha
  readonly checkpoint: Checkpoint
}

type AnchorEvent = LedgerEvent & {
  readonly type: 'ledger.anchored' | 'ledger.restored'
  readonly commit: Sha
}

/** The branch holds this checkpoint. */
export const anchoredEvent = (anchor: Anchor, at: number): AnchorEvent => ({
  v: 1,
  type: 'ledger.anchored',
  at: writeInstant(at),
  actor: gitsudo,
  repo: anchor.repository,
  commit: anchor.commit,
  data: dataOf(anchor),
})

/** Somebody has said that what this anchor holds and the ledger lacks is lost: a backup was restored (trust.md 3.11). */
export const restoredEvent = (anchor: Anchor, at: number): AnchorEvent => ({
  ...anchoredEvent(anchor, at),
  type: 'ledger.restored',
  actor: { kind: 'system', id: 'acknowledge-restore' },
})

const dataOf = ({ branch, checkpoint: { size, root, head } }: Anchor) => ({
  size,
  root: hex(root),
  head: hex(head),
  branch,
})
