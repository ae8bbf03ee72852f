import { describe, expect, it, onTestFinished } from 'vitest'
import { start } from './running.ts'

describe('health', () => {
  it('is alive, ready and measured without a token', async () => {
    const { call } = await start()
    expect((await call('GET', '/healthz')).json).toEqual({ status: 'ok' })
    expect((await call('GET', '/readyz')).json).toMatchObject({ status: 'ready', missing: [] })
    expect((await call('GET', '/metrics')).text).toContain('gitsudo_grants{state="active"} 1')
    expect((await call('GET', '/api/v1/version')).json).toEqual({ version: '0.1.0', api: 'v1' })
    expect((await call('GET', '/api/v1/login')).json).toEqual({
      client_id: 'Iv23abc',
      github_url: 'https://github.com',
    })
  })

  it('names what is missing', async () => {
    const { call } = await start({
      readiness: async () => [
        { name: 'database', up: false, detail: 'connection refused' },
        { name: 'keys', up: true, detail: '1 signing, 1 MAC' },
      ],
    })
    const answer = await call('GET', '/readyz')
    expect([answer.status, answer.json.missing]).toEqual([503, ['database']])
  })

  it('stays ready without what it only gives with, and names it', async () => {
    const { call } = await start({
      readiness: async () => [
        { name: 'database', up: true, detail: 'answers' },
        { name: 'github', up: false, optional: true, detail: 'no answer' },
      ],
    })
    const answer = await call('GET', '/readyz')
    expect([answer.status, answer.json.status, answer.json.missing]).toEqual([200, 'ready', ['github']])
  })
})

describe('policies and the service', () => {
  it('list those of repositories that the caller may see', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/policies', 'alice')).json).toEqual([
      {
        name: 'roles',
        type: 'eligibility',
        enabled: true,
        repository: 'acme/access',
        commit: 'b'.repeat(40),
      },
    ])
    expect((await call('GET', '/api/v1/policies', 'admin')).json).toHaveLength(2)
    expect((await call('GET', '/api/v1/policies?repo=other/access', 'alice')).status).toBe(404)
  })

  it('are asked with the input given', async () => {
    const { call, told } = await start()
    const input = { user: { groups: ['sre'] } }
    expect(
      (await call('POST', '/api/v1/policies/eval', 'alice', { type: 'eligibility', input })).json,
    ).toMatchObject({ allowed: false, reason: 'not in group sre' })
    expect(told.at(-1)).toEqual(['evaluate', { repository: 123456, type: 'eligibility', input }])
    expect(
      (await call('POST', '/api/v1/policies/eval', 'admin', { type: 'eligibility', input })).status,
    ).toBe(400)
    expect(
      (await call('POST', '/api/v1/policies/eval', 'mallory', { type: 'eligibility', input })).status,
    ).toBe(403)
    expect((await call('POST', '/api/v1/policies/eval', 'alice', { type: 'other', input })).status).toBe(400)
  })

  it.each([
    ['nested without end', `{"type":"eligibility","input":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`],
    ['a lone surrogate', '{"type":"eligibility","input":{"a":"\\ud800"}}'],
  ])('are asked nothing that no policy can be asked: %s', async (_, body) => {
    const { call, told } = await start()
    const answer = await call('POST', '/api/v1/policies/eval', 'alice', body)
    expect([answer.status, answer.json.detail]).toEqual([
      400,
      expect.stringMatching(/input: .*(deep|surrogate)/),
    ])
    expect(told).toEqual([['caller', 'token-alice']])
  })

  it('are asked one question at a time by one person', async () => {
    const gate = Promise.withResolvers<void>()
    onTestFinished(() => gate.resolve())
    const entered = Promise.withResolvers<void>()
    const { call } = await start({
      evaluate: async () => {
        entered.resolve()
        await gate.promise
        return { allowed: true, reason: '', policies: [], assumed: {} }
      },
    })
    const question = { type: 'eligibility', input: {} }
    const first = call('POST', '/api/v1/policies/eval', 'alice', question)
    await entered.promise
    // Before anything is made of what it says.
    for (const again of [question, { input: 'nothing that could be read' }])
      expect((await call('POST', '/api/v1/policies/eval', 'alice', again)).status).toBe(429)
    gate.resolve()
    expect((await first).status).toBe(200)
  })

  it('are read anew by an administrator', async () => {
    const { call } = await start()
    expect((await call('POST', '/api/v1/server/reload-policies', 'admin')).json).toEqual({
      policies: 3,
      troubles: [],
    })
    expect((await call('POST', '/api/v1/server/reload-policies', 'auditor')).status).toBe(403)
  })

  it('are overridden by administrators, for four hours at most', async () => {
    const { call, told } = await start()
    const override = (who: 'admin' | 'alice' | 'auditor', more: object = {}) =>
      call('POST', '/api/v1/policies/override', who, {
        ...{ name: 'roles', enabled: false, repo: 'acme/access' },
        ...more,
      })
    expect((await override('alice')).status).toBe(403)
    expect((await override('auditor')).status).toBe(403)
    for (const wrong of [{ for: '4h1s' }, { for: 'long' }, { enabled: 'no' }, { repo: undefined }])
      expect((await override('admin', wrong)).status).toBe(400)
    expect(told.filter((one) => Array.isArray(one) && one[0] === 'override')).toEqual([])
    expect(await override('admin')).toMatchObject({
      status: 202,
      json: { name: 'roles', repository: 'acme/access', status: 'asked', others: [] },
    })
    const command = { repository: 123456, policy: 'roles', by: { id: 9, login: 'admin' } }
    expect(told.at(-1)).toEqual(['override', { ...command, seconds: 4 * 3600 }])
    expect(await override('admin', { enabled: true })).toMatchObject({
      status: 200,
      json: { status: 'ended' },
    })
    expect(told.at(-1)).toEqual(['override', command])
  })

  it('the client learns where to open pull requests', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/client-configuration', 'alice')).json).toEqual({
      github_api_url: 'https://api.github.com',
      login: 'alice',
      repositories: [{ id: 123456, name: 'acme/access', branch: 'main', merge: 'manual' }],
    })
  })

  it('status shows components, and troubles of the repositories one may see', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/server/status', 'alice')).json).toMatchObject({
      ready: true,
      instance: 'acme.example',
      repositories: [{ name: 'acme/access', troubles: [expect.stringContaining('branch protection')] }],
    })
    expect((await call('GET', '/api/v1/server/status', 'mallory')).status).toBe(403)
  })
})
