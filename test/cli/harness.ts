import type { CliDeps, Command } from '../../app/cli/deps.ts'
import type { Logins } from '../../app/cli/logins.ts'
import { runProgram } from '../../app/cli/program.ts'

export const absent = async (): Promise<never> => {
  throw new Error('not part of this test')
}

/** Nobody has signed in. */
export const nobody: Logins = { file: '', of: () => undefined, keep: () => undefined }

/** One command line run in this process, with what it wrote. Time passes by sleeping only; `tick` runs at each sleep. */
export async function gitsudo(
  argv: readonly string[],
  over: Partial<CliDeps> = {},
  tick: () => void = () => undefined,
) {
  let time = Date.parse('2026-12-01T12:00:00Z')
  let out = ''
  let err = ''
  const executed: Command[] = []
  const deps: CliDeps = {
    version: '0.1.0',
    env: {},
    clock: { now: () => time },
    out: {
      write: (text) => {
        out += text
      },
      isTTY: false,
      columns: 80,
    },
    err: {
      write: (text) => {
        err += text
      },
      isTTY: false,
      columns: 80,
    },
    sleep: async (ms) => {
      time += ms
      tick()
    },
    fetch: (...call) => fetch(...call),
    logins: nobody,
    slug: () => 'k3f9',
    readText: absent,
    writeFile: absent,
    atTerminal: false,
    execute: async (command) => {
      executed.push(command)
      return 7
    },
    interrupted: async () => undefined,
    manifest: absent,
    startService: absent,
    initialise: absent,
    publicKeys: absent,
    rotateKey: absent,
    acknowledgeRestore: absent,
    sweepOnce: absent,
    checkProviders: absent,
    listProviders: absent,
    reconcileProviders: absent,
    openAudit: absent,
    verify: absent,
    proofIn: absent,
    openExport: absent,
    verifySegments: absent,
    localPolicies: absent,
    replay: absent,
    startSandbox: absent,
    ...over,
  }
  const status = await runProgram(argv, deps)
  return { status, out, err, executed }
}
