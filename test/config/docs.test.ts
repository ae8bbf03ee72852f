import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type KeyRow, keyRows } from '../../app/config/rows.ts'
import { parseConfig } from '../../app/config.ts'

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

function line({ key, required, standard, env, description }: KeyRow): string {
  const value = required ? 'required' : (standard ?? '')
  return `| \`${key}\` | ${value} | ${env === undefined ? '' : `\`${env}\``} | ${description} |`
}

it('docs/configuration.md lists every key as the schema has it, and no other', () => {
  const rows = page.split('\n').filter((text) => /^\| `[a-z]/.test(text))
  expect(rows).toEqual(keyRows.map(line))
})

it('its example is a whole configuration', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  expect(
    parseConfig(example, {}, (path) =>
      path.includes('database') ? 'postgres://gitsudo_app@db/gitsudo' : 'secret',
    ),
  ).toMatchObject({ ok: true })
})
