import {
  type GrantState,
  grantCorrections,
  grantMoves,
  type RequestState,
  requestCorrections,
  requestMoves,
} from './state.ts'

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

/** @returns `to`; throws when no contradiction of the ledger's makes that of such a row. */
export const correctGrant = (from: GrantState | 'missing', to: GrantState): GrantState => {
  if (!grantCorrections[from].includes(to)) throw new Error(`a grant is not corrected from ${from} to ${to}`)
  return to
}

/** @returns `to`; throws when no contradiction of the ledger's makes that of such a row. */
export const correctRequest = (from: RequestState, to: RequestState): RequestState => {
  if (!requestCorrections[from].includes(to))
    throw new Error(`a request is not corrected from ${from} to ${to}`)
  return to
}
