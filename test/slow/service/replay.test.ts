import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Replay } from '../../../app/cli/deps.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { withClient } from '../../support/client.ts'
import { openTestWorld, type TestWorld } from '../../support/world.ts'

let t: TestWorld
let service: Service | undefined
beforeAll(async () => {
  t = await openTestWorld({ merge: 'manual' })
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

const owner = (statement: string, ...values: readonly unknown[]) =>
  withClient(t.superuserUrl, async (client) => {
    await client.query("set role gitsudo_owner; set gitsudo.announced = 'yes'")
    return client.query(statement, [...values])
  })

test('every decision on a request comes out the same without GitHub, from the service’s own and from an export; what was altered or lost is told', async () => {
  service = await t.start()
  const asked = await t.ask('replayed')
  await t.checked(asked.head, 'success')
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  await t.reached(asked.id, 'active')
  await t.allSealed()
  await service.stop()
  service = undefined

  const replay = async (...argv: readonly string[]) => {
    const { status, stdout, stderr } = await t.gitsudo('alice', 'policy', 'replay', ...argv, '-o', 'json')
    expect(stderr).toBe('')
    return { status, found: JSON.parse(stdout) as readonly Replay[] }
  }
  const config = ['--config', t.service.config]
  const live = await replay(asked.id, ...config)
  expect(
    live.found.map(({ type, outcome, differences, missing }) => [type, outcome, differences, missing]),
  ).toEqual([
    ['request.evaluated', 'same', [], []],
    ['request.approved', 'same', [], []],
    ['request.evaluated', 'same', [], []],
  ])
  expect(live.status).toBe(0)

  const file = join(t.dir, 'ledger.jsonl')
  await t.gitsudo('alice', 'audit', 'export', '--database-url', t.databaseUrl, '--output', file)
  const clone = join(t.dir, 'world', 'state', 'mirrors', String(t.repository.id))
  expect(await replay(asked.id, '--export', file, '--repository', clone)).toEqual(live)
  const last = live.found.at(-1)
  expect(await replay('--seq', String(last?.seq), '--export', file, '--repository', clone)).toEqual({
    status: 0,
    found: [last],
  })

  const event = (await t.events(asked.id)).find(({ type }) => type === 'request.evaluated')
  const evaluations = event?.data.evaluations as readonly { readonly input: string }[]
  const input = evaluations[0]?.input ?? ''
  const { rows } = await owner('select bytes from evidence where digest = $1', input)
  const text = String(rows[0]?.bytes).replace('"duration_seconds":', '"duration_seconds":9')
  await owner('update evidence set bytes = $2 where digest = $1', input, Buffer.from(text))
  const altered = await replay(asked.id, ...config)
  expect(altered.status).toBe(1)
  expect(altered.found[0]).toMatchObject({
    outcome: 'different',
    differences: expect.arrayContaining([expect.objectContaining({ about: 'input', recorded: input })]),
  })
  await owner('delete from evidence where digest = $1', input)
  const lost = await replay(asked.id, ...config)
  expect(lost.status).toBe(3)
  expect(lost.found[0]).toMatchObject({
    outcome: 'not_replayable',
    missing: [expect.stringContaining(input)],
  })
})
