import type { Checkpoint } from '../../audit/checkpoint.ts'

/** A stored checkpoint; `note` is the only authority on what it says. */
export type SignedCheckpoint = Checkpoint & {
  readonly note: string
  /** Epoch ms. */
  readonly madeAt: number
}

/** What the ledger says of anchors in one repository. */
export type AnchorState = {
  /** The last `ledger.anchored` of that repository under our signature. */
  readonly last?: { readonly size: number; readonly commit: string /** Epoch ms. */; readonly at: number }
  /** What is sealed after what that anchor holds and wants one; anchoring itself does not. */
  readonly waiting: 'nothing' | 'events' | 'urgent'
}

/** Signed checkpoints over the ledger, the same for all replicas. */
export type Checkpoints = {
  /**
   * Makes one over everything sealed by now, if there is anything new and another replica is not about to. `due`: if
   * the last one is 10 s old, too, or something urgent came. Never one that contradicts what is stored: that alerts.
   * @returns what it made
   */
  make(when: 'due' | 'now'): Promise<SignedCheckpoint | undefined>
  newest(): Promise<SignedCheckpoint | undefined>
  /** chain_size as the ledger has it; undefined where it ends before. */
  chainAt(size: number): Promise<Uint8Array | undefined>
  anchors(repository: number): Promise<AnchorState>
  /**
   * Whether an event of that type about this anchor is sealed, under our signature: that it was made, or that somebody
   * acknowledged that the ledger lost what it holds (trust.md 3.11).
   */
  recorded(type: 'ledger.anchored' | 'ledger.restored', commit: string): Promise<boolean>
  /** Our public keys as note key texts, and the rotations that lead to them, oldest first. */
  keys(): Promise<{ readonly keys: readonly string[]; readonly rotations: readonly string[] }>
}
