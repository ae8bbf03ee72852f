import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createHistory } from '../../app/git/history.ts'
import { createObjects } from '../../app/git/objects.ts'
import { folder, repository } from './remote.ts'

/** A `git` that notes when a walk begins and ends, which none does before eight have begun. */
const noting = (root: string) => {
  const bin = join(root, 'bin')
  const notes = join(root, 'notes')
  mkdirSync(bin)
  writeFileSync(notes, '')
  const real = execFileSync('sh', ['-c', 'command -v git']).toString().trim()
  const script = [
    '#!/bin/sh',
    `case "$*" in *rev-list*) ;; *) exec '${real}' "$@" ;; esac`,
    `echo + >>'${notes}'`,
    `until [ "$(grep -c + '${notes}')" -ge 8 ]; do sleep 0.05; done`,
    `'${real}' "$@"`,
    `echo - >>'${notes}'`,
  ].join('\n')
  writeFileSync(join(bin, 'git'), script)
  chmodSync(join(bin, 'git'), 0o755)
  return { PATH: `${bin}:${process.env.PATH}`, notes: () => readFileSync(notes, 'utf8').trim().split('\n') }
}

test('however much is asked at once, a few walks are under way', async () => {
  using root = folder()
  const remote = repository(root.path)
  const tip = remote.commit({ 'requests/2026/12/a.yaml': '1' })
  const { PATH, notes } = noting(root.path)
  const options = { env: { PATH }, timeoutMs: 60_000 }
  const objects = createObjects(remote.dir, options)
  const both = [0, 1].map(() => createHistory({ ...options, gitDir: remote.dir, objects }))
  const paths = Array.from({ length: 30 }, (_, n) => `requests/2026/12/x-${n}.yaml`)
  const held = await Promise.all(both.flatMap(({ everHeld }) => paths.map((path) => everHeld(tip, path))))
  objects.stop()
  expect(held).not.toContain(true)
  expect(notes()).toHaveLength(120)
  let under = 0
  expect(Math.max(...notes().map((note) => (under += note === '+' ? 1 : -1)))).toBeLessThanOrEqual(8)
})
