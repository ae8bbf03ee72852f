import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended } from '../../../app/sandbox/run.ts'
import { openTestWorld, type TestWorld } from '../../support/world.ts'

let t: TestWorld

beforeAll(async () => {
  t = await openTestWorld({ merge: 'auto', others: ['second'] })
})
afterAll(() => t?.close())

test('policies that cannot be had keep nothing from other repositories: what was missed is caught up', async () => {
  type Settings = { readonly repositories: readonly [object, object] }
  const settings = JSON.parse(await readFile(t.service.config, 'utf8')) as Settings
  const [good, bad] = settings.repositories
  const repositories = [{ ...bad, firstAcceptedCommit: '1'.repeat(40) }, good]
  await writeFile(t.service.config, JSON.stringify({ ...settings, repositories }))
  // Nobody hears of it: the service is not there.
  const asked = await t.ask('missed')
  await t.github.admin.deliveriesSettled()
  const service = spawn(t.entry.command, [...t.entry.args, 'server', 'start', '--config', t.service.config], {
    env: t.service.env,
    stdio: 'ignore',
  })
  try {
    await t.reached(asked.id, 'active', 60_000)
  } finally {
    service.kill('SIGTERM')
    await ended(service)
  }
  expect([service.exitCode, service.signalCode]).toEqual([0, null])
}, 120_000)
