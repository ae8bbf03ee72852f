import { spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended } from '../../../app/sandbox/run.ts'
import { type Service, startService } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import { freePort } from '../../../app/sandbox/world.ts'
import { openTestWorld, type TestWorld } from '../../support/world.ts'

let t: TestWorld
let service: Service

beforeAll(async () => {
  t = await openTestWorld({ merge: 'auto' })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

/** In the words of a port or of a socket that nobody listens at. */
const isAway = (said: string) => /connect (ECONNREFUSED|ENOENT)/.test(said)
const deliver = (body: string | Buffer, headers: Readonly<Record<string, string>>) =>
  fetch(`${service.url}/webhooks/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
/** Says how large a body will be, and waits for the answer before sending any of it. */
const announce = async (bytes: number, headers: Readonly<Record<string, string>>) => {
  const sent = request(`${service.url}/webhooks/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': bytes, ...headers },
  })
  sent.flushHeaders()
  const [{ statusCode }] = (await once(sent, 'response')) as [IncomingMessage]
  sent.destroy()
  return statusCode
}
const stored = async (guid: string) =>
  (await t.query('select guid from deliveries where guid = $1', [guid])).length
const times = async (id: string, type: string) => {
  await t.allSealed()
  return (await t.events(id)).filter((event) => event.type === type).length
}

test('a webhook with a bad signature or too large a body is refused, and nothing is stored', async () => {
  const guid = randomUUID()
  const forged = createHmac('sha256', 'guessed').update('{}').digest('hex')
  const headers = {
    'x-github-delivery': guid,
    'x-github-event': 'push',
    'x-hub-signature-256': `sha256=${forged}`,
  }
  expect((await deliver('{}', headers)).status).toBe(401)
  expect(await announce(25 * 1024 * 1024 + 1, headers)).toBe(413)
  expect(await stored(guid)).toBe(0)
})

test('a delivery sent twice, and again by hand, has one effect', async () => {
  t.github.admin.faults.deliveries({ happens: 'double', event: 'pull_request', count: 1 })
  const asked = await t.ask('doubled')
  await t.reached(asked.id, 'active')
  const [first] = await t.query<{ guid: string; event: string; body: Buffer }>(
    `select guid, event, body from deliveries where pull = $1 and event = 'pull_request' limit 1`,
    [asked.number],
  )
  if (first === undefined) throw new Error('the pull request was never delivered')
  const secret = await readFile(join(t.dir, 'world', 'secrets', 'webhook-secret'), 'utf8')
  const again = await deliver(first.body, {
    'x-github-delivery': first.guid,
    'x-github-event': first.event,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(first.body).digest('hex')}`,
  })
  expect([again.status, await again.json()]).toEqual([202, { result: 'known', delivery: first.guid }])
  expect(await stored(first.guid)).toBe(1)
  expect(await times(asked.id, 'request.created')).toBe(1)
  expect(await times(asked.id, 'grant.intended')).toBe(1)
})

test('a graceful stop ends well; what GitHub could not deliver meanwhile is caught up', async () => {
  await service.stop()
  expect([service.child.exitCode, service.child.signalCode]).toEqual([0, null])
  const leased = await t.query(`select id from pgboss.job where state = 'active'`)
  expect(leased).toEqual([])

  t.github.admin.faults.deliveries({ happens: 'lose' })
  const asked = await t.ask('lost')
  await t.github.admin.deliveriesSettled()
  t.github.admin.faults.clear()
  service = await t.start()
  await t.reached(asked.id, 'active')
})

const readiness = async (): Promise<{ ok: boolean; missing: readonly string[] } | undefined> => {
  const response = await fetch(`${service.url}/readyz`).catch(() => undefined)
  if (response === undefined) return undefined
  return { ok: response.ok, missing: ((await response.json()) as { missing: string[] }).missing }
}
/** Not ready, and says what it lacks. */
const lacksGitHub = () =>
  until('/readyz to name GitHub and the policies', async () => {
    const now = await readiness()
    return now?.ok === false && ['github', 'policies'].every((one) => now.missing.includes(one))
  })

test('GitHub away at the start: /readyz names what is missing, and the same replica gives when it is back', async () => {
  await service.stop()
  const heal = t.github.admin.faults.api({ answer: 'bad-gateway', path: /./ })
  const starting = t.start()
  await lacksGitHub()
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  heal()
  service = await starting
  await until('/readyz to name nothing', async () => (await readiness())?.missing.length === 0)
  const asked = await t.ask('after-github-start')
  await t.reached(asked.id, 'active')
})

test('GitHub away at the start: a graceful stop ends well all the same', async () => {
  await service.stop()
  const heal = t.github.admin.faults.api({ answer: 'bad-gateway', path: /./ })
  const waiting = spawn(t.entry.command, [...t.entry.args, 'server', 'start', '--config', t.service.config], {
    env: t.service.env,
    stdio: 'ignore',
  })
  await lacksGitHub()
  waiting.kill('SIGTERM')
  await ended(waiting)
  expect([waiting.exitCode, waiting.signalCode]).toEqual([0, null])
  heal()
  service = await t.start()
})

test('GitHub away later: /readyz names it, the replica stays ready, and all goes on when it is back', async () => {
  const heal = t.github.admin.faults.api({ answer: 'bad-gateway', path: /./ })
  await until('/readyz to name GitHub', async () => {
    const now = await readiness()
    return now?.ok && now.missing.includes('github')
  })
  heal()
  await until('/readyz to name nothing', async () => (await readiness())?.missing.length === 0)
  const asked = await t.ask('after-github')
  await t.reached(asked.id, 'active')
})

test('PostgreSQL away: /readyz says so, and the service goes on when it is back', async () => {
  await t.stopDatabase()
  const unready = await until('/readyz to say so', async () => {
    const response = await fetch(`${service.url}/readyz`)
    return response.status === 503 && response.text()
  })
  expect(unready).toContain('database')
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  await t.startDatabase()
  await until('/readyz to be well', async () => (await fetch(`${service.url}/readyz`)).ok)
  const asked = await t.ask('after-outage')
  await t.reached(asked.id, 'active')
})

test('PostgreSQL away at the start: /readyz says so from the beginning, and the service starts when it is back', async () => {
  await service.stop()
  await t.stopDatabase()
  const starting = t.start()
  const unready = await until('/readyz to say so', async () => {
    const response = await fetch(`${service.url}/readyz`).catch(() => undefined)
    const said = response?.status === 503 ? await response.text() : ''
    return isAway(said) && (JSON.parse(said) as object)
  })
  expect(unready).toMatchObject({
    status: 'not ready',
    missing: ['database'],
    components: [{ name: 'database', up: false, detail: expect.stringContaining('PostgreSQL') }],
  })
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  expect((await deliver('{}', {})).status).toBe(503)
  await t.startDatabase()
  service = await starting
  const asked = await t.ask('after-start')
  await t.reached(asked.id, 'active')
})

test('PostgreSQL away at the start: a graceful stop ends well all the same', async () => {
  await service.stop()
  await t.stopDatabase()
  const waiting = spawn(t.entry.command, [...t.entry.args, 'server', 'start', '--config', t.service.config], {
    env: t.service.env,
    stdio: 'ignore',
  })
  await until('/readyz to name the database', async () => {
    const response = await fetch(`${service.url}/readyz`).catch(() => undefined)
    return response?.status === 503 && isAway(await response.text())
  })
  waiting.kill('SIGTERM')
  await ended(waiting)
  expect([waiting.exitCode, waiting.signalCode]).toEqual([0, null])
  await t.startDatabase()
  service = await t.start()
})

test('two replicas share the work without doubling it; one goes on alone', async () => {
  const stateDir = join(t.dir, 'state-of-two')
  await cp(join(t.dir, 'world', 'state'), stateDir, { recursive: true })
  const address = `127.0.0.1:${await freePort()}`
  const second = await startService(t.entry, {
    config: t.service.config,
    url: `http://${address}`,
    log: join(t.dir, 'two.log'),
    env: { ...t.service.env, GITSUDO_HTTP_ADDR: address, GITSUDO_STATE_DIR: stateDir },
  })
  try {
    const asked = []
    for (const slug of ['two-a', 'two-b', 'two-c', 'two-d']) asked.push(await t.ask(slug))
    await Promise.all(asked.map(({ id }) => t.reached(id, 'active')))
    for (const { id, number } of asked) {
      for (const type of ['request.created', 'grant.intended', 'grant.issued'])
        expect([type, await times(id, type)]).toEqual([type, 1])
      expect(await t.comments(number)).toHaveLength(1)
    }
    await service.kill()
    await t.jump(31 * 60_000)
    await Promise.all(asked.map(({ id }) => t.reached(id, 'ended')))
    for (const { id } of asked) expect(await times(id, 'grant.expired')).toBe(1)
    expect(await t.bindings()).toEqual([])
  } finally {
    await second.stop()
  }
})

test('and the ledger holds', async () => {
  expect(await t.verifyLedger()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Chain intact/m) })
})
