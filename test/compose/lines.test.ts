import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, sizesOf } from '../../app/compose/lines.ts'

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

test('how far it came is told, up to the end of the file', async () => {
  const path = join(dir, 'long')
  await writeFile(path, 'é\n'.repeat(1_000_000))
  const reached: number[] = []
  for await (const _ of linesOf(path, (bytes) => reached.push(bytes)));
  expect(reached.length).toBeGreaterThan(1)
  expect(reached).toEqual(reached.toSorted((a, b) => a - b))
  expect(reached.at(-1)).toBe((await sizesOf([path])).total)
  expect(await sizesOf([path, path])).toEqual({ total: 6_000_000, before: [0, 3_000_000] })
})

test('a line may be longer than what is read at once', async () => {
  const long = '🔑'.repeat(1_000_000)
  expect(await lines(`a\n${long}\n${long}`)).toEqual(['a', long, long])
})
