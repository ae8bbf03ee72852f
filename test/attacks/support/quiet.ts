import { until } from '../../../app/sandbox/until.ts'
import type { AttackWorld } from './world.ts'

/** Waits until everything that GitHub sent has been looked at, for one pull request. */
export const quiet = async (t: AttackWorld, pull: number): Promise<void> => {
  await t.github.admin.deliveriesSettled()
  await until(`nothing to look at on ${pull}`, async () => {
    const jobs = await t.query(
      `select id from pgboss.job where name = 'pull-request' and singleton_key = $1
       and state in ('created', 'retry', 'active')`,
      [`${t.repository.id}:${pull}`],
    )
    return jobs.length === 0
  })
  await t.allSealed()
}

/** Holds what GitHub sends of pushes and pull requests, while this lasts. */
export const held = async <T>(t: AttackWorld, meanwhile: () => Promise<T>): Promise<T> => {
  const { faults } = t.github.admin
  for (const event of ['push', 'pull_request', 'pull_request_review'])
    faults.deliveries({ happens: 'delay', event })
  try {
    return await meanwhile()
  } finally {
    faults.clear()
  }
}
