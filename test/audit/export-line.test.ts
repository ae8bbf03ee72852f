import { expect, test } from 'vitest'
import { exportLine, readExportLine } from '../../app/audit/export-line.ts'

const event = (bytes: readonly number[]) =>
  ({ kind: 'event', seq: 7, body: Buffer.from(bytes), leaf: 'aa', chain: 'bb' }) as const

test.each([
  ['text', [0x7b, 0x7d], 'body'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], 'body'],
  ['no UTF-8', [0x7b, 0xff, 0x7d], 'base64'],
  ['half a character', [0xed, 0xa0, 0x80], 'base64'],
  ['nothing', [], 'body'],
])('a body that is %s comes back byte for byte', (_, bytes, field) => {
  const line = exportLine(event(bytes))
  expect(JSON.parse(line)).toHaveProperty(field)
  expect(readExportLine(line, 2)).toEqual(event(bytes))
})

test.each([
  ['neither body', { seq: 7, leaf: 'aa', chain: 'bb' }],
  ['two of them', { seq: 7, body: 'forged', base64: 'dHJ1ZQ==', leaf: 'aa', chain: 'bb' }],
])('%s is no event', (_, line) => {
  expect(() => readExportLine(JSON.stringify(line), 2)).toThrow('line 2 is neither')
})
