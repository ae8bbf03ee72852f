import { until } from '../../../app/sandbox/until.ts'
import { type CloudFault, timesMet, writeCloudFaults } from '../../support/cloud-faults.ts'
import type { AttackWorld } from './world.ts'

/**
 * A grant's calls of one kind meet a fault while `meanwhile` lasts.
 * @param meanwhile is told how to wait until the fault was met so often
 */
export const whileCloud = async (
  t: Pick<AttackWorld, 'stopFile'>,
  fault: CloudFault,
  meanwhile: (met: (times: number) => Promise<unknown>) => Promise<unknown>,
): Promise<void> => {
  const file = `${t.stopFile}.clouds`
  writeCloudFaults(file, [fault])
  try {
    await meanwhile((times) =>
      until(`${fault.call} to be ${fault.fault.kind}`, async () => timesMet(file, fault) >= times),
    )
  } finally {
    writeCloudFaults(file, [])
  }
}

/** A cloud that takes its time: it says yes, and one grant's binding does not come, or go, before this is over. */
export const whileSlow = async (
  t: Pick<AttackWorld, 'query'>,
  grant: string,
  slow: 'insert' | 'delete',
  meanwhile: () => Promise<unknown>,
): Promise<void> => {
  const row = slow === 'insert' ? 'new' : 'old'
  await t.query(`
    create or replace function takes_its_time() returns trigger language plpgsql as 'begin return null; end';
    create trigger takes_its_time before ${slow} on mock_bindings for each row
      when (${row}.grant_id = '${grant}') execute function takes_its_time()`)
  try {
    await meanwhile()
  } finally {
    await t.query('drop trigger takes_its_time on mock_bindings')
  }
}

/** A grant nobody had to approve, active, with a file of its own. */
export const live = async (
  t: AttackWorld,
  slug: string,
  spec: Parameters<AttackWorld['ask']>[1] = {},
): ReturnType<AttackWorld['ask']> => {
  const asked = await t.ask(slug, spec)
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  return asked
}
