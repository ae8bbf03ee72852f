// The attack, or the honest mistake: somebody corrects rows by hand, in the tables that the service reads, and tells
// nobody. Each change becomes `database.changed` in the ledger, with who did it and what, and an alert; and nothing
// else: no event says more than that a row was changed (trust.md 5.5).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { overLoopback, withClient } from '../support/client.ts'
import { attackWorld } from './support/world.ts'

type Sealed = { type: string; actor: unknown; data: Readonly<Record<string, unknown>> }

test('direct edits of grants, policies and what was delivered are on record, and nothing else is', async () => {
  const t = await attackWorld()
  const asked = await t.ask('direct-edits')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.allSealed()
  const [{ last } = { last: 0 }] = await t.query<{ last: number }>(
    'select max(seq)::int as last from audit_events',
  )
  const root = decodeURIComponent(new URL(t.superuserUrl).username)
  const edits: readonly (readonly [role: string, table: string, operation: string, statement: string])[] = [
    ['gitsudo_app', 'grants', 'update', `update grants set note = 'mine' where id = '${asked.id}'`],
    ['gitsudo_app', 'policies', 'update', "update policies set enabled = enabled where name = 'roles'"],
    [root, 'policies', 'update', "update policies set type = type where name = 'owners'"],
    [root, 'deliveries', 'delete', "delete from deliveries where guid = 'none'"],
    [
      'postgres',
      'audit_events',
      'insert',
      'insert into audit_events select * from audit_events where seq < 0',
    ],
  ]
  for (const [role, table, operation, statement] of edits) {
    const url = role === root ? t.superuserUrl : t.databaseUrl
    await withClient(overLoopback(url), (client) => client.query(statement))
    await t.alerted('database.changed', { table, operation, by: role })
  }
  const found = async () =>
    (
      await t.query<{ body: Buffer }>('select body from audit_events where seq > $1 order by seq', [last])
    ).map(({ body }) => JSON.parse(body.toString('utf8')) as Sealed)
  const changes = await until('every edit to be sealed', async () => {
    const sealed = (await found()).filter(({ type }) => type === 'database.changed')
    return sealed.length >= edits.length && sealed
  })
  for (const [role, table, operation] of edits) {
    expect(changes).toContainEqual(
      expect.objectContaining({
        actor: { kind: 'database', id: role },
        data: expect.objectContaining({ table, operation }),
      }),
    )
  }
  const note = changes.find(({ data }) => data.row === asked.id)
  expect(note?.data).toEqual({
    change: expect.any(Number),
    table: 'grants',
    operation: 'update',
    row: asked.id,
    before: expect.any(String),
    after: '{"note": "mine"}',
    client: '127.0.0.1',
    application: null,
  })
  expect(changes.every(({ data }) => data.sig === undefined)).toBe(true)
  expect(
    (await t.events(asked.id)).map(({ type }) => type).filter((type) => type.startsWith('grant.')),
  ).toEqual(['grant.intended', 'grant.issued'])
})
