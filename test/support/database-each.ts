import { afterEach, beforeEach } from 'vitest'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'

export let postgres: TestDatabase
export let database: Database

const open = async (): Promise<void> => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
}
const close = async (): Promise<void> => {
  await database.close()
  await postgres.drop()
}

/** Gives each test of the calling file a database of its own, opened as the service's role. */
export const databaseEach = (): void => {
  beforeEach(open)
  afterEach(close)
}

/** In the place of the test's database, which goes. */
export const anotherDatabase = async (): Promise<void> => {
  await close()
  await open()
}
