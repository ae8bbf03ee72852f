import type { Checkpoint } from '../../audit/checkpoint.ts'

/** A stored checkpoint; `note` is the only authority on what it says. */
export type SignedCheckpoint = Checkpoint & {
  readonly note: string
  /** Epoch ms. */
  readonly madeAt: number
}

/** What the ledger says of anchors in one repository. */
export type AnchorState = {
  /** The last `ledger.anchored` of that repository that we signed and sealed. */
  readonly last?: { readonly size: number; readonly commit: string /** Epoch ms. */; readonly at: number }
  /** What is sealed after what that anchor holds and wants one; anchoring itself does not. */
  readonly waiting: 'nothing' | 'events' | 'urgent'
}

/** Signed checkpoints over the ledger, the same for all replicas. */
export type Checkpoints = {
  /**
   * Makes one over everything sealed by now, if there is anything new and another replica is not about to. `due`: if
   * the last one is 10 s old, too, or something urgent came. Never one that contradicts one of ours: that alerts, as does what is stored and is none of ours.
   * @returns what it made
   */
  make(when: 'due' | 'now'): Promise<SignedCheckpoint | undefined>
  /** The newest that a key of ours has signed and whose last event the ledger has, with its chain. */
  newest(): Promise<SignedCheckpoint | undefined>
  /**
   * chain_size as the ledger has it; undefined where what is known to be ours ends before. `linked`: and where that is not
   * reached from it link by link, as after a backup that was restored and has grown.
   */
  chainAt(size: number, linked: boolean): Promise<Uint8Array | undefined>
  anchors(repository: number): Promise<AnchorState>
  /**
   * Whether an event of that type about this anchor was signed and sealed by us: that it was made, or that somebody
   * acknowledged that the ledger lost what it holds (trust.md 3.11).
   */
  recorded(type: 'ledger.anchored' | 'ledger.restored', commit: string): Promise<boolean>
  /** Our public keys as note key texts, and the rotations that link them with others (`linkedRotations`), oldest first. */
  keys(): Promise<{ readonly keys: readonly string[]; readonly rotations: readonly string[] }>
}
