import { sql, withDatabase } from '../../postgres.ts'
import { run } from '../../run.ts'
import type { Stage } from '../stage.ts'

/** The ledger verifies; one flipped byte in a copy of it is found and located. */
export const audited = async (stage: Stage): Promise<void> => {
  const { timeline, world } = stage
  timeline.scene('5  The ledger')
  const intact = await verify(stage, world.databaseUrl)
  timeline.did('frank', 'gitsudo audit verify')
  timeline.show(intact.stdout)
  timeline.must(
    intact.status === 0 && /^Chain intact: \d+ events verified/m.test(intact.stdout),
    'every link holds',
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
    const broken = await verify(stage, withDatabase(world.databaseUrl, copy))
    timeline.show(`${broken.stdout}${broken.stderr}`)
    timeline.must(
      broken.status === 1 && /\b7\b/.test(broken.stdout + broken.stderr),
      'caught, and located at event 7',
    )
  } finally {
    await sql(adminUrl(world.superuserUrl), `drop database ${copy} with (force)`)
  }
}

const verify = (stage: Stage, databaseUrl: string) =>
  run(stage.entry.command, [...stage.entry.args, 'audit', 'verify'], {
    env: { ...stage.world.service.env, GITSUDO_DATABASE_URL: databaseUrl, NO_COLOR: '1' },
  })

const adminUrl = (url: string): string => withDatabase(url, 'postgres')
