import { rm } from 'node:fs/promises'
import { writeFile } from '../../app/cli/write-file.ts'
import { openDatabase } from '../../app/store/database.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { origin } from './fill.ts'

/** One export in a process of its own: `export.ts URL FILE` prints how long it took and its most memory. */
const [url = '', file = ''] = process.argv.slice(2)
await rm(file, { force: true })
const database = await openDatabase(url)
const began = performance.now()
await writeFile(file, (write) => exportLedger(database, origin, { keys: [], write }))
const ms = performance.now() - began
await database.close()
console.log(JSON.stringify({ ms, peakMb: process.resourceUsage().maxRSS / 1024 }))
