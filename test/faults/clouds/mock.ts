import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { type CloudFault, createFaults } from '../../../app/sandbox/clouds/faults.ts'
import type { MockAnswer } from '../../support/mock-faults.ts'
import { asStray, type OpenCloud, slots, strayMark } from './cloud.ts'

const role = 'look-view'

const answers: Readonly<Record<Exclude<CloudFault['answer'], 'hang' | 'stale'>, MockAnswer>> = {
  throttled: 'throttled',
  unavailable: 'unavailable',
  broken: 'unavailable',
  conflict: 'conflict',
  forbidden: 'forbidden',
  expired: 'forbidden',
  reset: 'lost',
}

/** The mock, a scope a slot. It is a part of the service, which asks here what each call of it meets. */
export const openMock: OpenCloud = async ({ clock, query }) => {
  const faults = createFaults()
  const server = createServer(async (request, response) => {
    const { call, said } = JSON.parse(await text(request)) as { call: string; said: string }
    const met = faults.meet(call, said)
    if (met === 'hang') return
    response.end(met === undefined || met === 'stale' ? 'nothing' : answers[met])
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  type Row = { readonly handle: string; readonly grant_id: string; readonly expires_at: Date }
  const there = async (slot: string) =>
    (await query('select * from mock_bindings where scope = $1', [slot])) as readonly Row[]
  return {
    name: 'mock',
    provider: 'mock',
    settings: {},
    env: { GITSUDO_TEST_MOCK: `http://127.0.0.1:${address.port}` },
    roles: [{ role, scopes: slots }],
    faults,
    // It reads the store, which never lags.
    spared: ['stale reads'],
    asking: (slot) => ({ role, scope: slot }),
    about: (slot) => `"${slot}"`,
    calls: {
      give: { own: ['ensure'] },
      use: { own: ['credentials'] },
      look: { own: ['inspect'], all: [['list', '']] },
      stray: { own: ['discard'] },
      drift: { own: ['inspect', 'cutBack'] },
      revoke: { own: ['remove'] },
      expire: { own: ['remove'] },
    },
    held: async (slot) => (await there(slot)).length,
    mischief: {
      stray: {
        async do(slot) {
          for (const { handle, grant_id: grant } of await there(slot))
            await query(
              `insert into mock_bindings (handle, grant_id, principal, role, scope, expires_at)
               select $2, $3, 'bob', role, scope, expires_at from mock_bindings where handle = $1`,
              [handle, strayMark(handle), strayMark(grant)],
            )
        },
        isMended: async (slot) => (await there(slot)).length <= 1,
      },
      drift: {
        do: async (slot) =>
          void (await query(
            `update mock_bindings set expires_at = expires_at + interval '1 day' where scope = $1`,
            [slot],
          )),
        isMended: async (slot) =>
          (await there(slot)).every(({ expires_at: end }) => end.getTime() < clock.now() + 3_600_000),
      },
      regain: asStray,
    },
    hangUp: () => server.closeAllConnections(),
    given: () => undefined,
    leftovers: () => [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
