import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWitness } from '../../app/compose/witness.ts'
import { memoryLog } from '../support/memory/log.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-witness-'))
})
afterAll(() => rm(dir, { recursive: true }))

const checkpoint = (size: number) => ({
  origin: 'test',
  size,
  root: Buffer.alloc(32, 1),
  head: Buffer.alloc(32, 2),
  note: `test\n${size}\nroot\n\n— test signature\n`,
  madeAt: 0,
})
/** A file that takes nothing until somebody reads it. */
const pipe = async (name: string) => {
  const file = join(dir, name)
  await promisify(execFile)('mkfifo', [file])
  return file
}
const script = async (name: string, text: string) => {
  const file = join(dir, name)
  await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return file
}

test('files get every checkpoint, an empty line after each; the log has it, too', async () => {
  const log = memoryLog()
  const file = join(dir, 'notes')
  const witness = createWitness({ files: [file] }, log)
  await witness(checkpoint(1))
  await witness(checkpoint(2))
  expect(await readFile(file, 'utf8')).toBe(`${checkpoint(1).note}\n${checkpoint(2).note}\n`)
  expect(log.lines).toEqual(
    [1, 2].map((size) => ({
      level: 'info',
      message: 'checkpoint',
      fields: { size, root: '01'.repeat(32), head: '02'.repeat(32), note: checkpoint(size).note },
    })),
  )
})

test('the command reads the note, and has nothing else of ours', async () => {
  const log = memoryLog()
  const kept = join(dir, 'kept')
  const command = await script('keep', '{ /bin/cat; /usr/bin/env; pwd; } > "$1"')
  await createWitness({ files: [], command: [command, kept] }, log)(checkpoint(3))
  const [note, ...rest] = (await readFile(kept, 'utf8')).split('signature\n')
  expect(`${note}signature\n`).toBe(checkpoint(3).note)
  expect(rest.join('')).toMatch(/^((PWD|SHLVL|_|OLDPWD)=.*\n)*\/\n$/)
  expect(log.lines.map(({ level }) => level)).toEqual(['info'])
})

test('a file that hangs alerts, has one write at a time, and holds up neither the next file nor the next checkpoint', async () => {
  const log = memoryLog()
  const [hangs, file] = [join(dir, 'hangs'), join(dir, 'after')]
  const waiting: (() => void)[] = []
  const append = async (to: string, text: string) => {
    if (to === hangs) return new Promise<void>((resolve) => waiting.push(resolve))
    return appendFile(to, text)
  }
  const witness = createWitness({ files: [hangs, file] }, log, 50, append)
  for (const size of [5, 6, 7]) await witness(checkpoint(size))
  expect(await readFile(file, 'utf8')).toBe([5, 6, 7].map((size) => `${checkpoint(size).note}\n`).join(''))
  const alerts = log.lines.filter(({ level }) => level === 'alert').map(({ fields }) => fields)
  const behind = { witness: hangs, why: 'an earlier checkpoint is still being written to it' }
  expect(alerts).toEqual([{ witness: hangs, why: 'no answer within 50 ms' }, behind, behind])
  expect(waiting).toHaveLength(1)
  waiting[0]?.()
  const next = async () => {
    await witness(checkpoint(8))
    return waiting.length
  }
  await expect.poll(next).toBe(2)
})

test.each([
  ['a folder', async () => ({ files: [dir] })],
  ['a pipe that nobody reads', async () => ({ files: [await pipe('takes-nothing')] })],
  ['no such program', async () => ({ files: [], command: [join(dir, 'nothing')] })],
  ['a program that fails', async () => ({ files: [], command: [await script('fails', 'exit 3')] })],
  [
    'one that reads nothing and fails',
    async () => ({ files: [], command: [await script('deaf', 'exec 0<&-; exit 1')] }),
  ],
  [
    'one that never ends',
    async () => ({ files: [], command: [await script('hangs', 'exec /bin/sleep 100')] }),
  ],
])('alerts, and holds nothing up: %s', async (_, witnesses) => {
  const log = memoryLog()
  await createWitness(await witnesses(), log, 300)(checkpoint(4))
  expect(log.lines.at(-1)).toMatchObject({ level: 'alert', message: 'witness.failed' })
})
