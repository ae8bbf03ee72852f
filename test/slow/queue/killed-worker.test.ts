import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createQueue } from '../../../app/queue/queue.ts'
import { executeWithin } from '../../../app/store/database.ts'
import { statementName } from '../../../app/store/prepared.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { quietLog } from '../../support/quiet-log.ts'

test("a killed worker's job comes back", async () => {
  const postgres = await createTestDatabase()
  const child = fork(new URL('../../queue/worker.ts', import.meta.url), [postgres.appUrl], { execArgv: [] })
  await once(child, 'message')
  const queue = await createQueue({
    databaseUrl: postgres.appUrl,
    execute: executeWithin,
    nameOf: statementName,
    log: quietLog,
  })
  try {
    await queue.wake([{ queue: 'grant', key: 'held' }])
    await once(child, 'message')
    child.kill('SIGKILL')
    const seen: string[] = []
    await queue.work('grant', async (key) => void seen.push(key))
    await expect.poll(() => seen).toContain('held')
  } finally {
    child.kill('SIGKILL')
    await queue.stop()
    await postgres.drop()
  }
})
