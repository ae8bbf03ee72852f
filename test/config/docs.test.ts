import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, it } from 'vitest'
import { type KeyRow, keyRows } from '../../app/config/rows.ts'
import { parseConfig } from '../../app/config.ts'
import { appKey, newMacKey, newSigningKey } from '../support/secrets.ts'

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
  const secrets: Readonly<Record<string, string>> = {
    'database-url': 'postgres://gitsudo_app@db/gitsudo',
    'app.pem': appKey,
    'client-secret': 'a secret of GitHub',
    'webhook-secret': 'a secret of GitHub',
    'signing.pem': newSigningKey(),
    'mac.key': newMacKey(),
  }
  expect(parseConfig(example, {}, (path) => secrets[basename(path)] ?? '')).toMatchObject({ ok: true })
})
