import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { createVerifier, type LedgerRow } from '../../app/audit/verify.ts'
import { testEvent } from '../support/events.ts'

const sha256 = (...parts: Uint8Array[]) =>
  Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest())

test('leaf, link and origin head are what audit.md says', () => {
  const body = Buffer.from('{}')
  const head = sha256(Buffer.from('gitsudo ledger v1\nacme\n'))
  expect(originHead('acme')).toEqual(head)
  expect(leafHash(body)).toEqual(sha256(Buffer.from([0]), body))
  expect(linkHash(head, 258, leafHash(body))).toEqual(
    sha256(Buffer.from([2]), head, Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]), leafHash(body)),
  )
})

function ledger(count: number): LedgerRow[] {
  const rows: LedgerRow[] = []
  let chain = originHead('acme')
  for (let seq = 1; seq <= count; seq += 1) {
    const body = bodyOf(testEvent(seq))
    const leaf = leafHash(body)
    chain = linkHash(chain, seq, leaf)
    rows.push({ seq, body, leaf, chain })
  }
  return rows
}

function verify(rows: readonly LedgerRow[]) {
  const verifier = createVerifier('acme')
  for (const row of rows) verifier.push(row)
  return verifier.end()
}

test('a sound ledger, and an empty one, are intact', () => {
  const rows = ledger(5)
  expect(verify(rows)).toMatchObject({ ok: true, events: 5, head: rows[4]?.chain })
  expect(verify([])).toMatchObject({ ok: true, events: 0, head: originHead('acme') })
})

const [one, two, three, four, five] = ledger(5) as [LedgerRow, LedgerRow, LedgerRow, LedgerRow, LedgerRow]
test.each([
  ['deleted', [one, two, four, five], 3, 'seq'],
  ['swapped', [one, two, four, three, five], 3, 'seq'],
  ['doubled', [one, two, three, three, four, five], 4, 'seq'],
  ['renumbered', [one, { ...two, seq: 3 }, { ...three, seq: 2 }], 2, 'seq'],
  ['swapped and renumbered', [one, { ...three, seq: 2 }, { ...two, seq: 3 }], 2, 'chain'],
  ['inserted', [one, { ...five, seq: 2 }, two], 2, 'chain'],
  ['the first gone', [two, three], 1, 'seq'],
])('%s is found at its place', (_, rows, seq, what) => {
  expect(verify(rows as LedgerRow[])).toMatchObject({ ok: false, seq, what })
})

test('one flipped bit of any byte of any hash or body is found at its place', () => {
  for (const column of ['body', 'leaf', 'chain'] as const) {
    for (let index = 0; index < three[column].length; index += 1) {
      const bytes = Buffer.from(three[column])
      bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index)
      expect(verify([one, two, { ...three, [column]: bytes }, four, five])).toMatchObject({
        ok: false,
        seq: 3,
      })
    }
  }
})

test.each<[string, (event: Record<string, unknown>) => unknown, string | RegExp]>([
  ['not JSON', () => undefined, 'not JSON'],
  ['null', () => null, 'not an object'],
  ['a list', (event) => [event], 'not an object'],
  ['of no type', ({ type: _, ...event }) => event, 'type is unknown'],
  ['of a type of objects', (event) => ({ ...event, type: 'toString' }), 'type is unknown'],
  ['of a type that is none', (event) => ({ ...event, type: ['request.created'] }), 'type is unknown'],
  [
    'about a pull request whose number is rounded',
    (event) => ({ ...event, pull: 2 ** 53 }),
    'pull is not a whole number',
  ],
  [
    'about a repository whose number is rounded',
    (event) => ({ ...event, repo: 1e300 }),
    'repo is not a whole number',
  ],
  [
    'of data that its schema does not know',
    (event) => ({ ...event, data: {} }),
    /^\/data must have required property/,
  ],
])('well chained, but %s', (_, change, found) => {
  const value = change(JSON.parse(Buffer.from(three.body).toString()))
  const body = Buffer.from(value === undefined ? '{"v":1' : JSON.stringify(value))
  const leaf = leafHash(body)
  const row = { seq: 3, body, leaf, chain: linkHash(two.chain, 3, leaf) }
  expect(verify([one, two, row])).toMatchObject({
    ...{ ok: false, seq: 3, what: 'body' },
    found: typeof found === 'string' ? expect.stringContaining(found) : expect.stringMatching(found),
  })
})
