import { join } from 'node:path'
import { dropDatabase, sql, withDatabase } from '../../postgres.ts'
import { mustRun, run } from '../../run.ts'
import type { Stage } from '../stage.ts'

/** The ledger verifies against all that vouches for it; one flipped byte in a copy of it is found and located. */
export const audited = async (stage: Stage): Promise<void> => {
  const { timeline, world } = stage
  timeline.scene('5  The ledger')
  const against = await vouchers(stage)
  const intact = await verify(stage, world.databaseUrl, against)
  timeline.did(
    'frank',
    'gitsudo audit verify, with the public key, the App’s id and his own clones of both repositories',
  )
  timeline.show(`${intact.stdout}${intact.stderr}`)
  timeline.must(
    intact.status === 0 && /^Chain intact: \d+ events verified$.*^Receipts: [1-9]/ms.test(intact.stdout),
    'every link, checkpoint, anchor, merge and receipt holds',
  )

  const copy = `copy_of_${new URL(world.superuserUrl).pathname.slice(1)}`
  const name = new URL(world.superuserUrl).pathname.slice(1)
  await stage.service.stop()
  await sql(adminUrl(world.superuserUrl), `create database ${copy} template ${name}`)
  try {
    const url = withDatabase(world.superuserUrl, copy)
    await sql(
      url,
      `set role gitsudo_owner;
       update audit_events set body = set_byte(body, 40, get_byte(body, 40) # 1) where seq = 7`,
    )
    timeline.did('someone', 'flips one bit of event 7 in a copy of the database')
    const broken = await verify(stage, withDatabase(world.databaseUrl, copy), against)
    timeline.show(`${broken.stdout}${broken.stderr}`)
    timeline.must(
      broken.status === 1 && /^Chain broken at event 7:/m.test(broken.stdout + broken.stderr),
      'caught, and located at event 7',
    )
  } finally {
    await dropDatabase(adminUrl(world.superuserUrl), copy)
  }
}

/** What an auditor has besides the database: the public key, the App's id, clones, and what GitHub tells him. */
const vouchers = async ({ world, entry, dir }: Stage): Promise<readonly string[]> => {
  const { frank } = world.people
  const key = await mustRun(
    entry.command,
    [...entry.args, 'server', 'key', '--config', world.service.config],
    {
      env: world.service.env,
    },
  )
  const clones = await Promise.all(
    [world.repository, world.anchorRepository].map(({ fullName }) => frank.clone(fullName)),
  )
  return [
    ...key
      .trim()
      .split('\n')
      .flatMap((one) => ['--key', one]),
    ...clones.flatMap((one) => ['--repository', one]),
    ...['--repo', world.repository.fullName, '--api-url', world.github.apiUrl],
    ...['--app', String(world.service.appId)],
    ...['--state-dir', join(dir, 'verified')],
  ]
}

const verify = (stage: Stage, databaseUrl: string, against: readonly string[]) =>
  run(stage.entry.command, [...stage.entry.args, 'audit', 'verify', ...against], {
    env: {
      ...stage.world.service.env,
      GITSUDO_DATABASE_URL: databaseUrl,
      GITSUDO_TOKEN: stage.world.people.frank.token,
      NO_COLOR: '1',
    },
  })

const adminUrl = (url: string): string => withDatabase(url, 'postgres')
