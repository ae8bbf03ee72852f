import { readNoteKey } from '../../app/audit/note.ts'
import { verifyLedger } from '../../app/store/ledger/verify.ts'
import { origin } from './fill.ts'

/** One verify in a process of its own: `verify.ts URL THREADS [KEY]` prints how long it took and its most memory. */
const [url = '', threads = '1', key] = process.argv.slice(2)
const keys = key === undefined ? {} : { keys: [readNoteKey(key)] }
const began = performance.now()
const verified = await verifyLedger({ url }, origin, { threads: Number(threads), ...keys })
const ms = performance.now() - began
if (!verified.ok) throw new Error(`the ledger does not verify: ${verified.what} of event ${verified.seq}`)
console.log(JSON.stringify({ ms, peakMb: process.resourceUsage().maxRSS / 1024 }))
