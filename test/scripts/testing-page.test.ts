import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** Every rule of sections 1 to 7, by its number; where a number has letters, by letter. */
const rules = `
  1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9
  2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.9 2.10
  3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.11 3.12
  4.1 4.2 4.3 4.4
  5.1 5.2 5.3 5.4 5.5
  6.01 6.02 6.03 6.04 6.05 6.06a 6.06b 6.06c 6.07 6.08 6.09 6.10a 6.10b 6.11 6.12 6.13 6.14 6.15 6.16 6.17
  6.18a 6.18b 6.18c 6.18d 6.19 6.20 6.21 6.22 6.23 6.24a 6.24b 6.25 6.26 6.27a 6.27b 6.27c 6.28
  7.01 7.02 7.03 7.04 7.05 7.06 7.07 7.08 7.09 7.10 7.11 7.12 7.13 7.14 7.15`
  .trim()
  .split(/\s+/)

const root = fileURLToPath(new URL('../../', import.meta.url))
const textOf = (path: string) => readFileSync(`${root}${path}`, 'utf8')

/** Files and folders that a row names, from the root; a bare name is beside the one before it. */
const filesOf = (shown: string): readonly string[] => {
  let folder = ''
  return [...shown.matchAll(/`([^`]+(?:\/|\.ts|\.sql))`/g)].map(([, name = '']) => {
    const path = /^(app|test|migrations)\//.test(name) ? name : posix.join(folder, name)
    folder = path.endsWith('/') ? path : posix.dirname(path)
    return path
  })
}

const rows = [...textOf('docs/testing.md').matchAll(/^\| (\d\.\d.*?) \| (.*) \|$/gm)].map(
  ([, told = '', shown = '']) => ({
    told: [...told.matchAll(/\b\d\.\d\d?[a-z]?\b/g)].map(([number]) => number),
    shown,
    files: filesOf(shown),
  }),
)
const attacks = globSync('test/attacks/**/*.test.ts', { cwd: root })
/** Of a rule, by its number without the letter. */
const attacksOn = (rule: string) =>
  attacks.filter((path) => basename(path).startsWith(`${rule.replace(/[a-z]$/, '')}-`))

it('the table of trust in docs/testing.md has every rule, once, and no other', () => {
  expect(rows.flatMap(({ told }) => told).toSorted()).toEqual(rules.toSorted())
})

it('each row names attacks on its own rules, and all of them', () => {
  const unnamed = rows.flatMap(({ told, files }) =>
    told.flatMap((rule) => {
      const own = attacksOn(rule)
      return own.length === 0 ? [rule] : own.filter((path) => !files.includes(path))
    }),
  )
  expect(unnamed).toEqual([])
})

it('each letter of a rule has a test of its own', () => {
  const untold = rules.filter((rule) => {
    const letter = /[a-z]$/.exec(rule)?.[0]
    if (letter === undefined) return false
    const titles = attacksOn(rule).flatMap((path) => textOf(path).match(/^ *(?:test|it)\b.*/gm) ?? [])
    return !titles.some((title) => new RegExp(`['" .\\d]${letter}: `).test(title))
  })
  expect(untold).toEqual([])
})

it('every attack is in the table, and everything that it names is there', () => {
  const named = rows.flatMap(({ files }) => files)
  expect(attacks.filter((path) => !named.includes(path))).toEqual([])
  expect(named.filter((path) => !existsSync(`${root}${path}`))).toEqual([])
})

it('each row names a guard, which has what the row says is in it', () => {
  expect(rows.filter(({ files }) => files.every((path) => path.startsWith('test/')))).toEqual([])
  const missing = rows.flatMap(({ shown }) =>
    [...shown.matchAll(/((?:`\w+`(?:, | and )?)+) in `([^`]+)`/g)].flatMap(([, names = '', path = '']) =>
      [...names.matchAll(/\w+/g)]
        .map(([name]) => name)
        .filter((name) => name !== 'and' && !textOf(path).includes(name)),
    ),
  )
  expect(missing).toEqual([])
})
