// The attack: source is reviewed, but a machine runs something else. Put a compiled policy that lets everybody in beside
// the harmless sources, under every name that a careless loader might pick up (trust.md 1.6).
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { accept, policyEvents, policyWorld, slow } from './support/policies.ts'

/** A real one: everybody's requests come out as low-risk ones do. */
const packaged = new URL('../../app/policy/packaged/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('manifest.json', packaged), 'utf8')) as {
  readonly [key: string]: unknown
}

test('compiled policies in an access repository are not even looked at', slow, async () => {
  const t = await policyWorld()
  const made = await t.clone('alice')
  await made.git('switch', '--quiet', '--create', 'policy/wasm')
  const bytes = `\0asm\x01\0\0\0 ${JSON.stringify(manifest).slice(0, 100)}`
  const head = await made.commit({
    'policies/owners.wasm': bytes,
    'policies/policy.wasm': bytes,
    'policies/packaged/owners.wasm': bytes,
    'policies/data.json': '{"groups": {"sre": ["alice"]}}',
    'app/policy/packaged/owners.wasm': bytes,
  })
  await made.git('push', '--quiet', 'origin', 'policy/wasm')
  const { number } = await t.people.alice.openPull('policy/wasm', 'Faster policies')
  const commit = await accept(t, { number, head, branch: 'policy/wasm' })

  const [first] = await policyEvents(t)
  const wasm = async (at: string) => {
    const [row] = await t.query<{ body: Buffer }>(
      `select body from audit_events where type = 'policy.loaded' and commit = $1`,
      [at],
    )
    return (JSON.parse(row?.body.toString('utf8') ?? '{}') as { data: { policies: unknown } }).data.policies
  }
  expect(await wasm(commit)).toEqual(await wasm(first?.split(' ')[1] ?? ''))

  const asked = await t.ask('wasm', { role: 'prod-infra-admin', duration: '1h' })
  await t.checked(asked.head, 'action_required', 'group sre')
  await t.land(asked.number)
  await t.refused(asked, 'group sre had to give')
  await until('the ledger to rest', async () => (await t.query('select 1 from ledger_staged')).length === 0)
})
