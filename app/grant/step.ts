import type { Actor } from '../audit/event.ts'
import type { EndCause } from './intent.ts'
import type { LedgerView } from './ledger-view.ts'
import type { GrantState } from './state.ts'

/**
 * What the last provider call of this look said. `shared`: live grants still use the binding, so it stays.
 * `trouble.patience`: after how many tries in a row it counts as a refusal for good; Infinity: never.
 */
export type Seen =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present'
      readonly expiresAt?: number
      readonly handle: string
      readonly differs?: string
      readonly without?: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'removing' }
  | { readonly kind: 'shared'; readonly by: readonly string[] }
  | {
      readonly kind: 'trouble'
      readonly why: string
      readonly patience: number
      /** Epoch ms before which the cloud asked us not to come back. */
      readonly notBefore?: number
    }

/** Everything `nextStep` may know of one grant. Times are epoch milliseconds. */
export type GrantView = {
  readonly id: string
  /** The row: a cache (trust.md 5.2). */
  readonly state: GrantState
  readonly startsAt: number
  readonly endsAt: number
  readonly tries: number
  readonly absentSince?: number
  /** The latest that this can have been by the clock that `now` is read from: the row may have it from another. */
  readonly absentBy?: number
  readonly activeAt?: number
  readonly ledger: LedgerView
  /** The row says that it is over, and the event that says so waits for its seal. */
  readonly ahead: boolean
  /** When each `ensure` that was never answered was sent. */
  readonly unanswered: readonly number[]
  /** The latest that each can have been by that clock. */
  readonly unansweredBy?: readonly number[]
  readonly revokeAsk?: { readonly by: Actor; readonly why: string }
  readonly seen?: Seen
  /** What the last look met, as the row has it. */
  readonly note?: string
  /** The latest end of the live grants that share the binding, this one's included. */
  readonly sharedUntil?: number
  /** In what it was more than granted, where this look has cut it back already. */
  readonly cut?: string
  /** Whether the provider can cut a binding back. */
  readonly narrows: boolean
  /** This look has had the cloud take away whatever the grant left. */
  readonly cleared?: boolean
  /** The provider refused `ensure` for good in this look, and why. */
  readonly refusal?: string
  readonly grantWindowMs: number
  readonly propagationMs: number
}

/** The one thing to do next. `at` and `until`: epoch milliseconds of the next look. */
export type Step =
  /** Nothing to do before `until`; without it, ever. `well`: what the row notes is so no longer. */
  | { readonly kind: 'rest'; readonly until?: number; readonly well?: true }
  /** What was wanted did not happen; counts as a try. */
  | { readonly kind: 'retry'; readonly at: number; readonly note: string; readonly alert?: true }
  /** A scheduled grant's start came: its second verdict is due (trust.md 3.7). */
  | { readonly kind: 'start'; readonly again: number }
  | { readonly kind: 'refuse'; readonly why: string }
  /** The row says what the ledger does not: correct it towards removal, and alert. */
  | { readonly kind: 'correct'; readonly why: string }
  | { readonly kind: 'intend_revoke'; readonly by: Actor; readonly why: string }
  | { readonly kind: 'expire' }
  | { readonly kind: 'ensure' }
  | { readonly kind: 'inspect' }
  | { readonly kind: 'remove' }
  /** Has the cloud take away what a look may not show, before it is said that nothing is there. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'activate'; readonly handle: string; readonly without?: readonly string[] }
  /** The cloud holds more than was granted, and that is not on record yet. */
  | { readonly kind: 'drift'; readonly why: string }
  | { readonly kind: 'cut_back'; readonly why: string }
  /** The first of two absent read-backs. */
  | { readonly kind: 'note_absence'; readonly again: number }
  /** `asked`: who wants it ended, where that is not on record yet. */
  | {
      readonly kind: 'end'
      readonly asked?: { readonly by: Actor; readonly why: string }
      readonly cause: EndCause
      readonly goneAt: number
      readonly kept: readonly string[]
    }
  | { readonly kind: 'fail'; readonly why: string }
  | { readonly kind: 'quarantine'; readonly why: string }
  /** A write that came after the end has been undone: nothing of it is open any more. */
  | { readonly kind: 'close_attempts' }
