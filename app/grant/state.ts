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

/** Every legal move of a grant (product.md); what is not here cannot happen. */
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
