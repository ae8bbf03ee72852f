import { type GrantState, grantMoves, type RequestState, requestMoves } from './state.ts'

/** @returns `to`; throws when product.md's table has no such move. */
export const moveGrant = (from: GrantState, to: GrantState): GrantState => {
  if (!grantMoves[from].includes(to)) throw new Error(`a grant cannot move from ${from} to ${to}`)
  return to
}

/** @returns `to`; throws when product.md's table has no such move. */
export const moveRequest = (from: RequestState, to: RequestState): RequestState => {
  if (!requestMoves[from].includes(to)) throw new Error(`a request cannot move from ${from} to ${to}`)
  return to
}
