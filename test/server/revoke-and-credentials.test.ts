import { describe, expect, it } from 'vitest'
import { start } from './running.ts'
import { active, people, waiting } from './world.ts'

describe('revoke', () => {
  it.each([
    ['the requester', 'alice', 202],
    ['an approver', 'carol', 202],
    ['an administrator', 'admin', 202],
    ['a colleague', 'bob', 403],
    ['an auditor', 'auditor', 403],
    ['a stranger', 'mallory', 404],
  ])('%s', async (_, who, status) => {
    const { call, told } = await start()
    const answer = await call('POST', `/api/v1/requests/${active}/revoke`, who, { reason: 'incident over' })
    expect(answer.status).toBe(status)
    const asks = told.filter((one) => Array.isArray(one) && one[0] === 'revoke')
    const { id, login } = Object.values(people).find((person) => person.login === who) ?? people.alice
    expect(asks).toEqual(
      status === 202
        ? [['revoke', { grant: active, by: { kind: 'user', id: String(id), login }, why: 'incident over' }]]
        : [],
    )
  })

  it('needs no reason', async () => {
    const { call, told } = await start()
    expect((await call('POST', `/api/v1/requests/${active}/revoke`, 'alice')).status).toBe(202)
    expect(told.at(-1)).toMatchObject(['revoke', { why: 'revoked by command' }])
  })

  it.each(['a\0b', 'a\ud800b'])(
    'a reason that PostgreSQL does not hold keeps nobody from it: %j',
    async (reason) => {
      const { call, told } = await start()
      expect((await call('POST', `/api/v1/requests/${active}/revoke`, 'alice', { reason })).status).toBe(202)
      expect(told.at(-1)).toMatchObject(['revoke', { why: 'a\ufffdb' }])
    },
  )

  it('has nothing to do before there is a grant', async () => {
    const { call } = await start()
    const answer = await call('POST', `/api/v1/requests/${waiting}/revoke`, 'bob')
    expect([answer.status, answer.json.remedy]).toEqual([409, 'close its pull request instead'])
  })
})

describe('credentials', () => {
  it('go to the requester', async () => {
    const { call, told, lines } = await start()
    const answer = await call('POST', `/api/v1/requests/${active}/credentials`, 'alice')
    expect([answer.status, answer.json, answer.headers.get('cache-control')]).toEqual([
      200,
      {
        environment: { MOCK_TOKEN: 'swordfish-swordfish' },
        files: { MOCK_FILE: 'kept-in-a-file' },
        expires_at: '2026-12-01T12:01:00.000Z',
      },
      'no-store',
    ])
    expect(told.at(-1)).toEqual(['credentials', active, 1])
    expect(JSON.stringify(lines)).not.toContain('swordfish')
  })

  it.each(['bob', 'carol', 'admin', 'auditor'])('and not to %s', async (who) => {
    const { call, told } = await start()
    expect((await call('POST', `/api/v1/requests/${active}/credentials`, who)).status).toBe(403)
    expect(told.some((one) => Array.isArray(one) && one[0] === 'credentials')).toBe(false)
  })

  it('say why there are none', async () => {
    const { call } = await start({
      credentials: async () => ({ ok: false, why: 'The grant ended 3 s ago.' }),
    })
    const answer = await call('POST', `/api/v1/requests/${active}/credentials`, 'alice')
    expect([answer.status, answer.json.detail]).toEqual([409, 'The grant ended 3 s ago.'])
    expect((await call('POST', `/api/v1/requests/${waiting}/credentials`, 'bob')).status).toBe(409)
  })
})
