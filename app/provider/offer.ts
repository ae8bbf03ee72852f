import type { Intent } from '../grant/intent.ts'

/** A role of the accepted catalogues, in one of its scopes; `seconds`: for how long at most. */
export type Offer = Pick<Intent, 'cloudRole' | 'scope'> & { readonly seconds: number }
