import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestSchema } from '../../app/cli/api.ts'
import { clientFor } from '../../app/cli/client.ts'
import { Failure } from '../../app/cli/failure.ts'
import { gitsudo, nobody } from './harness.ts'

const slept: number[] = []
let busy = 0
const server = createServer((request, response) => {
  if (request.url === '/api/v1/never') return
  if (request.url === '/api/v1/busy') {
    busy += 1
    const later = busy < 3
    response.writeHead(later ? 429 : 200, { 'content-type': 'application/json', 'retry-after': '2' })
    return void response.end(later ? '{}' : '[]')
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"id":', () => response.destroy())
})
beforeAll(() => new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready)))
afterAll(
  () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    }),
)
const client = () => {
  const { port } = server.address() as AddressInfo
  const env = { GITSUDO_SERVER: `http://127.0.0.1:${port}`, GITSUDO_TOKEN: 'token' }
  return clientFor(
    { fetch, env, clock: { now: () => 0 }, logins: nobody, sleep: async (ms) => void slept.push(ms) },
    { words: [], options: {}, output: 'table' },
  )
}

it('says of an answer that breaks off that it could not tell', async () => {
  const error = await client()
    .get('/api/v1/requests/one', requestSchema)
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Failure)
  expect(error).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/broke off its answer/) })
})

it('waits for no answer that nobody wants any more', async () => {
  const over = new AbortController()
  const answer = client().get('/api/v1/never', requestSchema, {}, over.signal)
  server.once('request', () => over.abort())
  await expect(answer).rejects.toThrow(Failure)
})

it('asks again, when it is told to, where others are being answered', async () => {
  expect(await client().get('/api/v1/busy', requestSchema.array())).toEqual([])
  expect(slept).toEqual([2000, 2000])
})

describe('a token that HTTP cannot carry is wrong usage, says where it is from, and is not told', () => {
  const kept = (token: string) => ({ ...nobody, file: '/home/alice/logins.json', of: () => ({ token }) })
  const verify = ['audit', 'verify', '--database-url', 'x', '--repo', 'acme/access']

  it.each([['swordfish-é€'], ['swordfish\ncod'], ['swordfish\u0001'], ['\nswordfish']])(
    '%j',
    async (token) => {
      const { port } = server.address() as AddressInfo
      const own = { GITSUDO_SERVER: `http://127.0.0.1:${port}` }
      const env = { ...own, GITSUDO_TOKEN: token, GITHUB_API_URL: own.GITSUDO_SERVER }
      for (const [argv, deps, from] of [
        [['status'], { env }, 'GITSUDO_TOKEN'],
        [['server', 'reload-policies', '--token', token], { env: own }, '--token'],
        [['status'], { env: own, logins: kept(token) }, '/home/alice/logins.json'],
        [verify, { env }, 'GITSUDO_TOKEN'],
        [[...verify, '--token', token], { env: { GITHUB_API_URL: own.GITSUDO_SERVER } }, '--token'],
      ] as const) {
        const { status, out, err } = await gitsudo(argv, { ...deps, proofIn: async () => undefined })
        expect({ status, out }, err).toEqual({ status: 2, out: '' })
        expect(err).toContain(`gitsudo: The token of ${from} holds what HTTP cannot carry.\n`)
        expect(err).not.toContain('swordfish')
      }
    },
  )

  it('but a line break after it is none of it', async () => {
    const { port } = server.address() as AddressInfo
    const env = { GITSUDO_SERVER: `http://127.0.0.1:${port}`, GITSUDO_TOKEN: 'swordfish\r\n' }
    const { err } = await gitsudo(['status'], { env })
    expect(err).toContain('broke off its answer')
  })
})
