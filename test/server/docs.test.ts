import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createMetrics } from '../../app/server/metrics.ts'
import { problemStatus } from '../../app/server/problem.ts'

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

it('docs/api.md lists every problem with its status', () => {
  expect(page.split('\n').filter((line) => /^\| `[a-z_]+` \| \d{3} \|$/.test(line))).toEqual(
    Object.entries(problemStatus).map(([code, status]) => `| \`${code}\` | ${status} |`),
  )
})

it('docs/api.md names every metric of ours', async () => {
  const facts = { grants: {}, revocationDebt: { count: 0, oldestMs: 0 }, ledgerLag: { count: 0 }, clouds: [] }
  const { text } = await createMetrics(async () => facts, { now: () => 0 }).scrape()
  const names = [...text.matchAll(/^# TYPE (gitsudo_\w+)/gm)].map(([, name]) => name)
  expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([])
})
