import { describe, expect, it } from 'vitest'
import { PolicyLoadError } from '../../app/policy/policy-fault.ts'
import { start } from './running.ts'

describe('trouble', () => {
  it('of ours shows nothing of its cause, and is logged with the same id', async () => {
    const { call, lines } = await start({
      status: async () => {
        throw new Error('relation "requests" does not exist')
      },
    })
    const answer = await call('GET', '/api/v1/requests', 'alice')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('relation')
    expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      request_id: answer.json.instance,
    })
  })

  it.each([
    ['invalid', 409, /roles.yaml:3: is no list \(and 1 more faults\)/, /write a list.*policy check/],
    ['no_compiler', 503, /roles.yaml:3: is no list/, /^write a list$/],
    ['trouble', 503, /roles.yaml:3: is no list/, /^write a list$/],
  ] as const)('of the accepted policies, %s, is named', async (code, status, detail, remedy) => {
    const fault = {
      file: 'policies/data/roles.yaml',
      line: 3,
      column: 1,
      code: 'limit',
      message: 'is no list',
      remedy: 'write a list',
    } as const
    const { call } = await start({
      evaluate: () => Promise.reject(new PolicyLoadError(code, [fault, fault])),
      reloadPolicies: () => Promise.reject(new PolicyLoadError(code, [fault, fault])),
    })
    const asked = { type: 'eligibility', input: {} }
    for (const answer of [
      await call('POST', '/api/v1/policies/eval', 'alice', asked),
      await call('POST', '/api/v1/server/reload-policies', 'admin'),
    ]) {
      expect(answer.status).toBe(status)
      expect(answer.json).toMatchObject({
        detail: expect.stringMatching(detail),
        remedy: expect.stringMatching(remedy),
      })
    }
  })

  it('no such path, no such method, no JSON', async () => {
    const { call, address } = await start()
    expect((await call('GET', '/api/v2/requests')).status).toBe(404)
    expect((await call('DELETE', '/api/v1/requests')).status).toBe(404)
    const post = (body: string, type: string) =>
      fetch(`${address}/api/v1/policies/eval`, {
        method: 'POST',
        headers: { authorization: 'Bearer token-alice', 'content-type': type },
        body,
      })
    expect((await post('{', 'application/json')).status).toBe(400)
    expect((await post('a', 'text/plain')).status).toBe(415)
  })

  it('stopping finishes what is in flight and takes no more', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const { call, server } = await start({
      policies: async () => {
        entered.resolve()
        await gate.promise
        return []
      },
    })
    const answer = call('GET', '/api/v1/policies', 'alice')
    await entered.promise
    let stopped = false
    const stop = server.stop().then(() => {
      stopped = true
    })
    await expect(call('GET', '/healthz')).rejects.toThrow()
    expect(stopped).toBe(false)
    gate.resolve()
    expect((await answer).status).toBe(200)
    await stop
  })
})
