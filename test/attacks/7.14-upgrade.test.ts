// The bug of others: the new version is deployed, its tables have moved, and the grants of before are never looked at
// again. A grant that was live in the oldest database that kept checkpoints is taken away at its time by the service
// of today; from every one since grants are kept: test/store/upgrade.test.ts (trust.md 7.14).
import { expect, test } from 'vitest'
import { mustRun } from '../../app/sandbox/run.ts'
import { withClient } from '../support/client.ts'
import { earlierDatabase, migrations } from '../support/earlier.ts'
import { live } from './support/cloud.ts'
import { ownWorld } from './support/world.ts'

const withCheckpoints = migrations.indexOf('0009_checkpoints.sql') + 1

test('a live grant from before an upgrade ends at its time', async () => {
  const t = await ownWorld({ merge: 'manual' })
  try {
    const asked = await live(t, 'before-the-upgrade')
    await t.allSealed()
    await t.replica.stop()
    const name = new URL(t.superuserUrl).pathname.slice(1)
    const [newer, server] = [new URL(t.superuserUrl), new URL(t.superuserUrl)]
    newer.pathname = `/${name}_newer`
    server.pathname = '/postgres'
    await withClient(server.href, (client) => client.query(`alter database ${name} rename to ${name}_newer`))
    await earlierDatabase(newer.href, name, withCheckpoints)
    await mustRun(t.entry.command, [...t.entry.args, 'server', 'init', '--config', t.service.config], {
      env: { ...t.service.env, GITSUDO_OWNER_DATABASE_URL: t.superuserUrl },
    })
    expect(await t.bindings()).toEqual([asked.id])
    const upgraded = await t.start()
    try {
      await t.reached(asked.id, 'active')
      await t.jump(31 * 60_000)
      await t.reached(asked.id, 'ended')
      await t.commented(asked.number, '**ended** (expired')
      expect(await t.bindings()).toEqual([])
      expect(await t.verifyLedger()).toMatchObject({ status: 0 })
    } finally {
      await upgraded.stop()
    }
  } finally {
    await t.close()
  }
})
