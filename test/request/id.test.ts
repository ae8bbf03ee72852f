import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cloudName, parseRequestId, requestId } from '../../app/request/id.ts'
import { canonicalPath } from '../../app/request/path.ts'

const vector = 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV'

test('the test vector of the specification', () => {
  expect(requestId(123456, 7, 'requests/2026/12/alice-prod.yaml')).toBe(vector)
})

test('an id is the first 130 bits of the digest, five a character', () => {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.string(), (repository, pull, path) => {
      const digest = createHash('sha256').update(`${repository}\n${pull}\n${path}`).digest()
      const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('')
      const characters = Array.from(
        { length: 26 },
        (_, i) => alphabet[Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)],
      )
      expect(requestId(repository, pull, path)).toBe(`req_${characters.join('')}`)
    }),
  )
})

test('ids are read in any case and in their cloud form', () => {
  expect(cloudName(vector)).toBe('req-7wwf4x1ck9j9fe6zdnybqne8yv')
  for (const text of [vector, vector.toLowerCase(), cloudName(vector), ` ${vector}\n`])
    expect(parseRequestId(text)).toBe(vector)
})

test.each([
  '',
  'req_',
  vector.slice(0, -1),
  `${vector}0`,
  vector.replace('7', 'U'),
  vector.replace('7', 'I'),
  vector.slice(4),
  `${vector}\n${vector}`,
])('%j is no id', (text) => expect(parseRequestId(text)).toBeUndefined())

test.each([
  'requests/2026/12/a.yaml',
  'requests/0000/01/alice-prod.yaml',
  `requests/2026/09/${'a'.repeat(64)}.yaml`,
])('%s is canonical', (path) => expect(canonicalPath(path)).toEqual({ ok: true }))

test.each([
  ['request/2026/12/a.yaml', 'not under requests/'],
  ['/requests/2026/12/a.yaml', 'not under requests/'],
  ['requests/../policies/x.rego', 'not four digits'],
  ['requests/2026/a.yaml', 'not directly in a month'],
  ['requests/2026/12/x/a.yaml', 'not directly in a month'],
  ['requests/26/12/a.yaml', 'not four digits'],
  ['requests/2026/13/a.yaml', '01 to 12'],
  ['requests/2026/1/a.yaml', '01 to 12'],
  ['requests/2026/12/a.yml', '.yml'],
  ['requests/2026/12/a.YAML', 'does not end in .yaml'],
  ['requests/2026/12/a.yaml\n', 'does not end in .yaml'],
  ['requests/2026/12/.yaml', 'starting with a letter or digit'],
  ['requests/2026/12/A.yaml', 'a-z, 0-9'],
  ['requests/2026/12/é.yaml', 'a-z, 0-9'],
  ['requests/2026/12/-a.yaml', 'starting with a letter or digit'],
  [`requests/2026/12/${'a'.repeat(65)}.yaml`, 'too long'],
])('%j is not, and the reason says %s', (path, why) => {
  expect(canonicalPath(path)).toMatchObject({ ok: false, message: expect.stringContaining(why) })
})
