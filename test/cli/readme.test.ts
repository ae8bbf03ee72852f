import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { events, permissions } from '../../app/github/manifest.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

test('the README asks for the permissions that the manifest asks for, with the same reasons', () => {
  for (const [name, { level, why }] of Object.entries(permissions)) {
    expect(readme).toContain(`| ${name.replaceAll('_', ' ')}: ${level} | ${why} |`)
  }
})

test('the README names every event that the App is told of', () => {
  for (const event of events) expect(readme).toContain(`\`${event}\``)
})

test('CI runs the command blocks of the README, and there are the two that a newcomer types', () => {
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text?.trim())
  expect(blocks).toEqual(['npm ci && npm run demo', 'npm ci && npm run check'])
  expect(readFileSync(new URL('../../.ci/run', import.meta.url), 'utf8')).toContain('README.md')
})
