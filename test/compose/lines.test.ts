import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../../app/compose/lines.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-lines-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const lines = async (text: string) => {
  const path = join(dir, 'file')
  await writeFile(path, text)
  const found = []
  for await (const line of linesOf(path)) found.push(line)
  return found
}

test('a line ends at a line feed and nowhere else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', '\u2028', '\u2029', '\r', '\u0085', 'é', '🔑', '') })),
      async (parts) => {
        expect(await lines(parts.map((part) => `${part}\n`).join(''))).toEqual(parts)
      },
    ),
  )
  expect(await lines('')).toEqual([])
  expect(await lines('a\nb')).toEqual(['a', 'b'])
})

test('a line may be longer than what is read at once', async () => {
  const long = '🔑'.repeat(1_000_000)
  expect(await lines(`a\n${long}\n${long}`)).toEqual(['a', long, long])
})
