import pg from 'pg'
import { expect, test } from 'vitest'
import { dropDatabase, sql, withDatabase, withUser } from '../../app/sandbox/postgres.ts'
import { createTestDatabase } from '../support/postgres.ts'

test('a database is dropped once what only a superuser may end is over', async () => {
  const { superuserUrl, drop } = await createTestDatabase()
  const name = `dropped_${process.pid}`
  const url = withUser(superuserUrl, name, 'newcomer')
  const client = new pg.Client({ connectionString: withDatabase(superuserUrl, name) })
  try {
    await sql(superuserUrl, `create role ${name} login createdb password 'newcomer'`)
    await sql(url, `create database ${name}`)
    await client.connect()
    await expect(sql(url, `drop database ${name} with (force)`)).rejects.toMatchObject({ code: '42501' })
    const dropped = dropDatabase(url, name)
    await client.end()
    await dropped
    expect(await sql(superuserUrl, `select from pg_database where datname = '${name}'`)).toEqual([])
  } finally {
    await sql(superuserUrl, `drop role if exists ${name}`)
    await drop()
  }
})
