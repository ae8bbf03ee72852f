import type { Offer } from '../offer.ts'
import type { Held } from './held.ts'
import type { Wanted } from './wanted.ts'

/** One of the two ways in which Azure gives access. Every method throws `ProviderError` only. */
export type Way = {
  /** @returns what is in a grant's place, if it is ours */
  look(wanted: Wanted, signal: AbortSignal): Promise<Held | undefined>
  /** Makes it be there. @returns what a read shows afterwards */
  give(wanted: Wanted, signal: AbortSignal): Promise<Held | undefined>
  /** Makes it not be there. @returns what a read shows afterwards */
  take(wanted: Wanted, signal: AbortSignal): Promise<Held | undefined>
  /** Leaves no more than was wanted. @returns what a read shows afterwards */
  narrow(wanted: Wanted, signal: AbortSignal): Promise<Held | undefined>
  /** Takes away what `list` found, if it is still ours. @returns what a read shows afterwards */
  discard(found: Found, signal: AbortSignal): Promise<Held | undefined>
  /** Everything at the scope and below, whoever's it is. */
  list(scope: string, signal: AbortSignal): Promise<readonly Held[]>
  /** What is set so that this way cannot give what is offered, in words. */
  check(offers: readonly Offer[], signal: AbortSignal): Promise<readonly string[]>
}

/** The place of something that was listed. `principal`: whose it was, where that is still known. */
export type Found = {
  readonly guid: string
  readonly scope: string
  readonly principal?: string
}
