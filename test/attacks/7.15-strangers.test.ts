// The other bug of those who reconcile: what is in the cloud and not in their records they take for left over, and take
// away what people, other tools or another installation put there. Only what carries this installation's own mark is
// gitsudo's: of that, what no grant has is taken away, and what has come back after its grant was over; strangers are
// never touched, however much they look like it (trust.md 7.15).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { live } from './support/cloud.ts'
import { timedWorld } from './support/world.ts'

const minute = 60_000

type Row = {
  readonly handle: string
  readonly grant_id: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  readonly expires_at: Date | null
}

test('orphans and what has come back are taken away; strangers stay as they are', async () => {
  const t = await timedWorld()
  const stays = await live(t, 'beside-strangers')
  const revoked = await live(t, 'comes-back')
  const rows = () => t.query<Row>('select * from mock_bindings order by handle')
  const rowOf = async (id: string): Promise<Row> => {
    const row = (await rows()).find(({ grant_id }) => grant_id === id)
    if (row === undefined) throw new Error(`${id} has no binding`)
    return row
  }
  const put = (row: Row) =>
    t.query(
      `insert into mock_bindings (handle, grant_id, principal, role, scope, expires_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [row.handle, row.grant_id, row.principal, row.role, row.scope, row.expires_at],
    )
  const driftsOf = async (id: string) => {
    await t.allSealed()
    return (await t.events(id)).filter(({ type }) => type === 'grant.drift').map(({ data }) => data)
  }
  const own = await rowOf(stays.id)
  const again = await rowOf(revoked.id)
  expect(await t.gitsudo('alice', 'revoke', revoked.id)).toMatchObject({ status: 0 })
  await t.reached(revoked.id, 'ended')

  const [, mark = '', name = ''] = /^gitsudo-(.{8})-(.*)$/.exec(own.handle) ?? []
  const strangers = [
    { ...own, handle: `gitsudo-${mark === '00000000' ? '11111111' : '00000000'}-${name}` },
    { ...own, handle: 'break-glass-of-the-platform-team' },
    { ...own, handle: own.handle.toUpperCase() },
    { ...own, handle: ` ${own.handle}` },
  ]
  const nobody = requestId(1, 1, 'requests/2026/12/never-asked.yaml')
  const orphan = {
    ...own,
    handle: own.handle.replace(name, nobody.toLowerCase().replace('_', '-')),
    grant_id: nobody,
  }
  const copy = { ...own, handle: `${own.handle}-copy` }
  for (const row of [...strangers, orphan, copy, again]) await put(row)

  await t.jump(11 * minute)
  await t.alerted('grant.orphan', { grant: nobody })
  await t.alerted('grant.orphan', { grant: stays.id })
  await t.alerted('grant.resurrected', { grant: revoked.id })
  for (const id of [nobody, stays.id, revoked.id])
    expect.soft((await driftsOf(id)).map(({ gone }) => gone)).toEqual([false, true])
  const left = await rows()
  for (const row of [...strangers, own]) expect(left).toContainEqual(row)
  for (const { handle } of [orphan, copy, again]) expect(left.map((row) => row.handle)).not.toContain(handle)
  await t.reached(stays.id, 'active')
  await t.reached(revoked.id, 'ended')

  // On demand: nothing is left to be found, and what is planted now is.
  const config = ['--config', t.service.config]
  const compared = await t.gitsudo('erin', 'provider', 'reconcile', ...config)
  expect(compared).toMatchObject({ status: 0, stdout: 'The clouds have what the ledger says.\n' })
  await put(orphan)
  const found = await t.gitsudo('erin', 'provider', 'reconcile', '-o', 'json', ...config)
  expect(found.status).toBe(1)
  expect(JSON.parse(found.stdout)).toMatchObject([
    { provider: 'mock', finding: 'orphan', grant: nobody, outcome: 'gone' },
  ])
  expect(await rows()).not.toContainEqual(orphan)

  // At its end the grant's own binding goes, and theirs stay.
  await t.jump(20 * minute)
  await t.reached(stays.id, 'ended')
  expect((await rows()).filter(({ handle }) => strangers.some((one) => one.handle === handle))).toHaveLength(
    4,
  )
  for (const { handle } of strangers) await t.query('delete from mock_bindings where handle = $1', [handle])
  expect(await t.verifyLedger()).toMatchObject({ status: 0 })
})
