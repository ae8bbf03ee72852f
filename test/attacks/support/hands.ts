import { withClient } from '../../support/client.ts'
import type { AttackWorld } from './world.ts'

export type Hand = (text: string, values?: readonly unknown[]) => Promise<number>

/** Who writes to the database: the app role, and a superuser who acts as the tables' owner, so that no guard stops or notes him. */
export const hands = (
  t: Pick<AttackWorld, 'databaseUrl' | 'superuserUrl'>,
): Readonly<Record<'app' | 'root', Hand>> => ({
  app: (text, values = []) =>
    withClient(t.databaseUrl, async (client) => (await client.query(text, [...values])).rowCount ?? 0),
  root: (text, values = []) =>
    withClient(t.superuserUrl, async (client) => {
      await client.query(
        "set session_replication_role = replica; set gitsudo.announced = 'yes'; set role gitsudo_owner",
      )
      return (await client.query(text, [...values])).rowCount ?? 0
    }),
})
