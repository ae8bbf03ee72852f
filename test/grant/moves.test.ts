import { describe, expect, test } from 'vitest'
import { correctGrant, correctRequest, moveGrant, moveRequest } from '../../app/grant/moves.ts'
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

/** What a row becomes that the ledger contradicts: its access is taken away, or nothing of it counts. */
const grantsCorrected = `
  missing       revoking
  scheduled     revoking failed
  provisioning  revoking failed
  active        revoking failed
  revoking      failed
  ended         revoking
  failed        revoking
  refused       revoking
  quarantined   failed`

const requestsCorrected = `
  pending
  approved
  denied
  cancelled
  lapsed
  refused    pending
  granted    pending`

describe.each([
  ['a grant cannot move', ofGrants, grantStates, grantStates, moveGrant],
  ['a request cannot move', ofRequests, requestStates, requestStates, moveRequest],
  ['a grant is not corrected', grantsCorrected, ['missing', ...grantStates], grantStates, correctGrant],
  ['a request is not corrected', requestsCorrected, requestStates, requestStates, correctRequest],
] as const)('%s but by its table', (otherwise, text, from, to, move) => {
  const table = read(text)
  const all = from.flatMap((from) => to.map((to) => [from, to] as const))
  const moved = move as (from: string, to: string) => string

  test('has the states of the table', () => {
    expect([...table.keys()]).toEqual([...from])
  })

  test.each(all.filter(([from, to]) => table.get(from)?.includes(to)))('from %s to %s', (from, to) => {
    expect(moved(from, to)).toBe(to)
  })

  test.each(all.filter(([from, to]) => !table.get(from)?.includes(to)))('not from %s to %s', (from, to) => {
    expect(() => moved(from, to)).toThrow(`${otherwise} from ${from} to ${to}`)
  })
})
