import type { Off } from './api.ts'
import { relative } from './terminal/relative.ts'

/** Why a policy is off, in a few words. */
export const offText = ({ override, disabled_by_hand: byHand }: Off, now: number): string =>
  override !== undefined
    ? `false: ${override.by.join(', ')}, ends ${relative(override.until, now)}`
    : byHand === true
      ? 'false by hand: counts all the same'
      : 'false'
