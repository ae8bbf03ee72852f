import { expect, test } from 'vitest'
import { createQueue } from '../../app/queue/queue.ts'
import { executeWithin } from '../../app/store/database.ts'
import { statementName } from '../../app/store/prepared.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'
import { silenceable } from '../support/silence.ts'

test('PostgreSQL falls silent on every connection, and wake-ups come and are worked again', async () => {
  const postgres = await createTestDatabase()
  const way = await silenceable(postgres.appUrl)
  const queue = await createQueue({
    databaseUrl: way.url,
    execute: executeWithin,
    nameOf: statementName,
    log: quietLog,
    patienceMs: 1_000,
  })
  try {
    const seen: string[] = []
    await queue.work('grant', async (key) => void seen.push(key))
    const wake = (key: string) => queue.wake([{ queue: 'grant', key }])
    await wake('before')
    await expect.poll(() => seen).toContain('before')
    way.fallSilent()
    await expect.poll(() => wake('after').then(() => 'woken', String)).toBe('woken')
    await expect.poll(() => seen).toContain('after')
  } finally {
    await way.close()
    await queue.stop()
    await postgres.drop()
  }
})
