import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { requestSchema } from '../../app/cli/api.ts'
import { clientFor } from '../../app/cli/client.ts'
import { Failure } from '../../app/cli/failure.ts'
import { nobody } from './harness.ts'

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
