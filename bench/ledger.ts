import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { aim, figure, percentile } from './figures.ts'
import { type Side, sealed, serialised } from './ledger/append.ts'
import { openBenchDatabase, startServer } from './ledger/database.ts'
import { fill, ledgerKey } from './ledger/fill.ts'

/**
 * The ledger's speed against the plain way of doing the same: `npm run bench:ledger [-- --events 1000000]`. Both sides
 * in one run on one machine, medians of --runs. Memory is the most that a verify and an export of a tenth of the events, and
 * of all, had resident.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    writers: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '2' },
  },
})
const events = Number(values.events)
const runs = Number(values.runs)
const writers = Number(values.writers)
const ms = Number(values.seconds) * 1_000

const median = (all: readonly number[]) => percentile(all, 0.5)
const run = promisify(execFile)
const here = fileURLToPath(new URL('./ledger/', import.meta.url))
const count = (value: number) => Math.round(value).toLocaleString('en')

type Done = { readonly ms: number; readonly peakMb: number }
const inProcess = async (script: string, ...args: readonly string[]): Promise<Done> =>
  JSON.parse((await run(process.execPath, [join(here, script), ...args])).stdout)
const verifyOnce = (url: string, threads: number, ...key: readonly string[]) =>
  inProcess('verify.ts', url, String(threads), ...key)
const times = async <T>(work: () => Promise<T>): Promise<readonly T[]> => {
  const all: T[] = []
  for (let n = 0; n < runs; n += 1) all.push(await work())
  return all
}

const dir = await mkdtemp(join(tmpdir(), 'gitsudo-bench-'))
const server = await startServer(dir)
try {
  const appended = { ours: [] as number[], theirs: [] as number[], waits: [] as number[] }
  const sides = [
    await openBenchDatabase(server, 'ours', writers + 2),
    await openBenchDatabase(server, 'theirs', writers + 2),
  ] as const
  for (let n = 0; n < runs; n += 1) {
    const measure = async (side: Side) => side({ writers, ms })
    const ours = await measure(await sealed(sides[0]))
    const theirs = await measure(await serialised(sides[1]))
    appended.ours.push(ours.perSecond)
    appended.theirs.push(theirs.perSecond)
    appended.waits.push(percentile(ours.waits, 0.99))
  }
  for (const side of sides) await side.close()
  const append = median(appended.ours) / median(appended.theirs)
  figure(`sealed append, ${writers} writers`, `${count(median(appended.ours))} events/s`)
  figure('lock-read-insert', `${count(median(appended.theirs))} events/s`)
  aim('sealed append over it', `${append.toFixed(1)} x`, '≥ 3 x', append >= 3)
  const p99 = median(appended.waits)
  aim('p99 to the seal', `${p99.toFixed(0)} ms`, '≤ 100 ms', p99 <= 100)

  const ledger = await openBenchDatabase(server, 'verified', 4)
  await fill(ledger, Math.ceil(events / 10))
  const small = await times(() => verifyOnce(ledger.url, 1))
  const file = join(dir, 'export.jsonl')
  const exportOnce = () => inProcess('export.ts', ledger.url, file)
  const smallExports = await times(exportOnce)
  await fill(ledger, events)
  const exports = await times(exportOnce)
  const python = await times(async () =>
    Number((await run('python3', [join(here, 'verify.py'), file])).stdout),
  )
  const one = await times(() => verifyOnce(ledger.url, 1))
  const two = await times(() => verifyOnce(ledger.url, 2))
  // Once: a signature costs ten times what the rest of its event does.
  const signed = await verifyOnce(ledger.url, 2, ledgerKey)
  await ledger.close()

  const rate = (each: readonly number[]) => `${count(events / (median(each) / 1_000))} events/s`
  const exported = events / (median(exports.map((each) => each.ms)) / 1_000)
  aim(`export ${count(events)} events`, `${count(exported)} events/s`, '≥ 50,000', exported >= 50_000)
  figure('Python, json and hashlib', rate(python))
  const alone = one.map((each) => each.ms)
  const both = two.map((each) => each.ms)
  figure('verify, one thread', `${rate(alone)}, ${(median(alone) / 1_000).toFixed(1)} s for ${count(events)}`)
  figure('verify, two threads', rate(both))
  const onOne = median(python) / median(alone)
  aim('verify on one thread', `${onOne.toFixed(1)} x`, '≥ 2.5 x', onOne >= 2.5)
  const onTwo = median(python) / median(both)
  aim('verify on two threads', `${onTwo.toFixed(1)} x`, '≥ 3.5 x', onTwo >= 3.5)
  const million = (median(both) / 1_000) * (1_000_000 / events)
  aim('verify 1,000,000 events, at this rate', `${million.toFixed(1)} s`, '≤ 15 s', million <= 15)
  const withKey = (signed.ms / 1_000) * (1_000_000 / events)
  aim('the same with --key, five of seven signed', `${withKey.toFixed(1)} s`, '≤ 15 s', withKey <= 15)
  const peak = (each: readonly Done[]) => median(each.map(({ peakMb }) => peakMb))
  const memory = (what: string, all: readonly Done[], tenth: readonly Done[]) => {
    const grown = peak(all) - peak(tenth)
    const said = `${grown.toFixed(0)} MB more, ${peak(all).toFixed(0)} MB in all`
    aim(`${what}: memory at ${count(events)} over ${count(events / 10)}`, said, '≤ 20 MB more', grown <= 20)
  }
  memory('verify', one, small)
  memory('export', exports, smallExports)
  console.log(`append ${append.toFixed(1)} x`)
  console.log(`verify ${onOne.toFixed(1)} x`)
} finally {
  await server.stop()
  await rm(dir, { recursive: true, force: true })
}
