import type { Intent } from '../../app/grant/intent.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { MockBinding } from '../../app/provider/mock/bindings.ts'
import { createFaults } from '../../app/provider/mock/faults.ts'
import { memoryBindings } from '../../app/provider/mock/memory-bindings.ts'
import { createMock } from '../../app/provider/mock/mock.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { describeProvider, type Harness } from './contract.ts'

const harness = (shared: boolean) => async (): Promise<Harness> => {
  const clock = memoryClock()
  const bindings = memoryBindings()
  const faults = createFaults()
  const log = memoryLog()
  const process = (instance: string) =>
    boundCalls(
      limitCalls(createMock({ bindings, clock, instance, shared, propagationMs: 2000, faults: faults.meet })),
      { clock, log },
    )
  const provider = process('ours')
  const alter = async (intent: Intent, change: Partial<MockBinding>): Promise<void> => {
    const binding = await bindings.find(provider.bindingKey(intent))
    if (binding === undefined) throw new Error('there is nothing to alter')
    await bindings.replace({ ...binding, ...change })
  }
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent: (number, change) =>
      anIntent(number, clock.now(), { principal: `person-${number}@example.com`, ...change }),
    now: clock.now,
    advance: clock.advance,
    meet: (trouble, ...on) =>
      faults.plan(trouble === 'throttled' ? { kind: trouble, retryAfter: 1000 } : { kind: trouble }, ...on),
    getsIn: async (intent) => (await bindings.find(provider.bindingKey(intent))) !== undefined,
    endsByItself: false,
    deleteBehind: (intent) => bindings.delete(provider.bindingKey(intent)),
    extendBehind: (intent, expiresAt) => alter(intent, { expiresAt }),
    alterBehind: (intent) => alter(intent, { role: 'mock-owner' }),
    elsewhere: {
      scope: 'elsewhere',
      away() {
        faults.plan({ kind: 'away', place: 'elsewhere' }, 'list')
        return faults.clear
      },
    },
    hostile: [
      { cloudRole: 'a role; drop table mock_bindings' },
      { cloudRole: '' },
      { cloudRole: 'r'.repeat(513) },
      { scope: 'project-1\nproject-2' },
      { scope: '\u202eproject' },
      { scope: '*' },
    ],
    longest: { cloudRole: 'r'.repeat(512), scope: 's'.repeat(512) },
    permission: 'mock:PutBinding',
    dispose: async () => faults.clear(),
  }
}

describeProvider('mock', harness(false))
describeProvider('mock with shared bindings', harness(true))
