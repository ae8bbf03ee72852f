import pg from 'pg'
import { until } from './until.ts'

/** Runs statements, with values where there is only one, and answers its rows. */
export const sql = async (
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values.length === 0 ? undefined : [...values])).rows ?? []
  } finally {
    await client.end()
  }
}

/** With whoever is connected, once no superuser is: PostgreSQL vacuums as one, and nobody else may end that. */
export const dropDatabase = (url: string, database: string): Promise<unknown> =>
  until(`${database} to be dropped`, async () => {
    try {
      await sql(url, `drop database ${database} with (force)`)
      return true
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '42501') return false
      throw error
    }
  })

export const withDatabase = (url: string, database: string): string => {
  const parsed = new URL(url)
  parsed.pathname = `/${database}`
  return parsed.href
}

export const withUser = (url: string, user: string, password: string): string => {
  const parsed = new URL(url)
  parsed.username = user
  parsed.password = password
  return parsed.href
}
