import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { type CloudFault, createFaults } from '../../../app/sandbox/clouds/faults.ts'
import type { MockAnswer } from '../../support/mock-faults.ts'
import { type OpenCloud, slots } from './cloud.ts'

const role = 'look-view'

const answers: Readonly<Record<Exclude<CloudFault['answer'], 'hang' | 'stale'>, MockAnswer>> = {
  throttled: 'throttled',
  unavailable: 'unavailable',
  conflict: 'conflict',
  forbidden: 'forbidden',
  expired: 'forbidden',
  reset: 'lost',
}

/** The mock, a scope a slot. It is a part of the service, which asks here what each call of it meets. */
export const openMock: OpenCloud = async ({ query }) => {
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
      revoke: { own: ['remove'] },
      expire: { own: ['remove'] },
    },
    held: async (slot) => (await query('select from mock_bindings where scope = $1', [slot])).length,
    given: () => undefined,
    leftovers: () => [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
