import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { processDeps } from '../app/cli/process.ts'
import { runProgram } from '../app/cli/program.ts'
import { compose } from '../app/compose.ts'
import { withCloudFaults } from './support/cloud-faults.ts'
import { withHeldGrants } from './support/held-grants.ts'
import { withMockFaults } from './support/mock-faults.ts'
import { withOddPolicies } from './support/odd-policies.ts'
import { readStops, withStops } from './support/stop-points.ts'

/**
 * The entry of processes under test: the shipped one, with a clock, stop points and the clouds' faults around the ports.
 * `GITSUDO_TEST_CLOCK_FILE`: holds how far this clock is ahead, in milliseconds, and is read at each `now()`.
 * `GITSUDO_TEST_STOPS`: a file of stop points (support/stop-points.ts); beside it, in `.clouds`, the clouds' faults
 * (support/cloud-faults.ts), which may come and go while the process runs.
 * `GITSUDO_TEST_POLICIES`: set where the access repository has the policies of attacks 4.1 to 4.3
 * (support/odd-policies.ts).
 * `GITSUDO_TEST_CATCH_UP`: set where a replica's catching up waits by this clock, too.
 * `GITSUDO_TEST_HOLD`: the file while which there is no grant is looked at (support/held-grants.ts).
 * `GITSUDO_TEST_MOCK`: the address that says what each call of the mock meets (support/mock-faults.ts).
 */
const {
  GITSUDO_TEST_CLOCK_FILE: clockFile,
  GITSUDO_TEST_STOPS: stopFile,
  GITSUDO_TEST_CATCH_UP: byClock,
  GITSUDO_TEST_HOLD: hold,
  GITSUDO_TEST_MOCK: mock,
  GITSUDO_TEST_POLICIES: odd,
} = process.env
const now = () => Date.now() + (clockFile === undefined ? 0 : Number(readFileSync(clockFile, 'utf8')))
const stops = stopFile === undefined ? [] : readStops(stopFile)

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  for (const until = now() + ms; !signal.aborted && now() < until; ) await pause(100)
}

const closing: (() => Promise<void>)[] = []

const parts = compose(process.env, 'under-test', {
  clock: { now },
  ...(byClock === undefined ? {} : { sleep }),
  wrap: (given) => {
    const oddly = odd === undefined ? undefined : withOddPolicies(given)
    if (oddly !== undefined) closing.push(oddly.close)
    const held = hold === undefined ? (oddly ?? given) : withHeldGrants(oddly ?? given, hold)
    const ports = mock === undefined ? held : withMockFaults(held, mock)
    return stopFile === undefined
      ? ports
      : withStops(withCloudFaults(ports, `${stopFile}.clouds`), stops, stopFile)
  },
})
process.exitCode = await runProgram(process.argv.slice(2), {
  ...processDeps(),
  version: 'under-test',
  ...parts,
})
for (const close of closing) await close()
