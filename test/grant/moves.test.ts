import { describe, expect, test } from 'vitest'
import { moveGrant, moveRequest } from '../../app/grant/moves.ts'
import { grantStates, requestStates } from '../../app/grant/state.ts'

/** product.md's tables, word for word, so that a change of the code's own is seen. */
const ofGrants = `
  scheduled     provisioning refused ended
  provisioning  active revoking failed quarantined
  active        revoking ended
  revoking      ended quarantined
  ended
  failed
  refused
  quarantined   ended failed`

/** With `pending` → `refused`, which is our own: a merge forced past a check that still waits. */
const ofRequests = `
  pending    approved denied cancelled lapsed refused
  approved   pending denied cancelled granted refused
  denied     pending approved cancelled refused
  cancelled  pending
  lapsed
  refused
  granted`

const read = (table: string) =>
  new Map(
    table
      .trim()
      .split('\n')
      .map((line) => {
        const [from = '', ...to] = line.trim().split(/ +/)
        return [from, to] as const
      }),
  )

describe.each([
  ['grant', read(ofGrants), grantStates, moveGrant],
  ['request', read(ofRequests), requestStates, moveRequest],
] as const)('a %s', (what, table, states, move) => {
  const moves = states.flatMap((from) => states.map((to) => [from, to] as const))
  const moved = move as (from: string, to: string) => string

  test('has the states of the table', () => {
    expect([...table.keys()]).toEqual([...states])
  })

  test.each(moves.filter(([from, to]) => table.get(from)?.includes(to)))(
    'moves from %s to %s',
    (from, to) => {
      expect(moved(from, to)).toBe(to)
    },
  )

  test.each(moves.filter(([from, to]) => !table.get(from)?.includes(to)))(
    'cannot move from %s to %s',
    (from, to) => {
      expect(() => moved(from, to)).toThrow(`a ${what} cannot move from ${from} to ${to}`)
    },
  )
})
