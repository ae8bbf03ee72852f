import { createQueue } from '../../app/queue/queue.ts'
import { executeWithin } from '../../app/store/database.ts'
import { statementName } from '../../app/store/prepared.ts'
import { quietLog } from '../support/quiet-log.ts'

/** A process that takes a job, says so, and never finishes it. */
const [, , databaseUrl = ''] = process.argv
const queue = await createQueue({ databaseUrl, execute: executeWithin, nameOf: statementName, log: quietLog })
await queue.work('grant', (key) => {
  process.send?.(key)
  return new Promise(() => undefined)
})
process.send?.('ready')
