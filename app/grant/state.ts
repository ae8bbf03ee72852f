export const grantStates = [
  'scheduled',
  'provisioning',
  'active',
  'revoking',
  'ended',
  'failed',
  'refused',
  'quarantined',
] as const
export type GrantState = (typeof grantStates)[number]

export const isOver = (state: GrantState): boolean =>
  state === 'ended' || state === 'failed' || state === 'refused'

export const requestStates = [
  'pending',
  'approved',
  'denied',
  'cancelled',
  'lapsed',
  'refused',
  'granted',
] as const
export type RequestState = (typeof requestStates)[number]

/** Every legal move of a grant (product.md). But for these and its corrections no state changes. */
export const grantMoves: Readonly<Record<GrantState, readonly GrantState[]>> = {
  scheduled: ['provisioning', 'refused', 'ended'],
  provisioning: ['active', 'revoking', 'failed', 'quarantined'],
  active: ['revoking', 'ended'],
  revoking: ['ended', 'quarantined'],
  ended: [],
  failed: [],
  refused: [],
  quarantined: ['ended', 'failed'],
}

/**
 * What the row of a grant becomes where the ledger contradicts it (trust.md 5.2), in whatever state it was written to
 * be: `revoking`, where access may be there that the row does not end, and `failed`, where no grant ever was. `missing`:
 * there is no row. Never a state that gives.
 */
export const grantCorrections: Readonly<Record<GrantState | 'missing', readonly GrantState[]>> = {
  missing: ['revoking'],
  scheduled: ['revoking', 'failed'],
  provisioning: ['revoking', 'failed'],
  active: ['revoking', 'failed'],
  revoking: ['failed'],
  ended: ['revoking'],
  failed: ['revoking'],
  refused: ['revoking'],
  quarantined: ['failed'],
}

/**
 * Every legal move of a request (product.md). `pending` → `refused` is a merge forced past a check that
 * still waits; a verdict that passes at the merge goes through `approved`.
 */
export const requestMoves: Readonly<Record<RequestState, readonly RequestState[]>> = {
  pending: ['approved', 'denied', 'cancelled', 'lapsed', 'refused'],
  approved: ['pending', 'denied', 'cancelled', 'granted', 'refused'],
  denied: ['pending', 'approved', 'cancelled', 'refused'],
  cancelled: ['pending'],
  lapsed: [],
  refused: [],
  granted: [],
}

/** What the row of a request becomes that says it is decided where the ledger does not: it waits for its verdict. */
export const requestCorrections: Readonly<Record<RequestState, readonly RequestState[]>> = {
  pending: [],
  approved: [],
  denied: [],
  cancelled: [],
  lapsed: [],
  refused: ['pending'],
  granted: ['pending'],
}
