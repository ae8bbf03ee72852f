// The attack: source is reviewed, but a machine runs something else. Put a compiled policy that lets everybody in beside
// the harmless sources, under every name that a careless loader might pick up (trust.md 1.6).
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { accept, policyEvents, policyWorld, slow } from './support/policies.ts'

/** A real one: everybody's requests come out as low-risk ones do. */
const lax = readFileSync(new URL('../../app/policy/packaged/low-risk.wasm', import.meta.url))

test('compiled policies in an access repository are not even looked at', slow, async () => {
  const t = await policyWorld()
  const made = await t.clone('alice')
  await made.git('switch', '--quiet', '--create', 'policy/wasm')
  for (const path of [
    'policies/owners.wasm',
    'policies/policy.wasm',
    'policies/packaged/owners.wasm',
    'app/policy/packaged/owners.wasm',
  ]) {
    await mkdir(join(made.dir, dirname(path)), { recursive: true })
    await writeFile(join(made.dir, path), lax)
  }
  const head = await made.commit({ 'policies/data.json': '{"groups": {"sre": ["alice"]}}' })
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
