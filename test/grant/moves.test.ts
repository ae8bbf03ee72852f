import { expect, test } from 'vitest'
import { moveGrant, moveRequest } from '../../app/grant/moves.ts'
import { grantMoves, grantStates, requestMoves, requestStates } from '../../app/grant/state.ts'

test('a grant makes every move of the table and no other', () => {
  for (const from of grantStates) {
    for (const to of grantStates) {
      if (grantMoves[from].includes(to)) expect(moveGrant(from, to)).toBe(to)
      else expect(() => moveGrant(from, to)).toThrow(`cannot move from ${from} to ${to}`)
    }
  }
})

test('a request makes every move of the table and no other', () => {
  for (const from of requestStates) {
    for (const to of requestStates) {
      if (requestMoves[from].includes(to)) expect(moveRequest(from, to)).toBe(to)
      else expect(() => moveRequest(from, to)).toThrow(`cannot move from ${from} to ${to}`)
    }
  }
})
