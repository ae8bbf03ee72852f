import { readFileSync } from 'node:fs'
import { processDeps } from './cli/process.ts'
import { runProgram } from './cli/program.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// Loaded when a verb needs the service's parts: `gitsudo status` shall not wait for a database driver.
const parts = async () => (await import('./compose.ts')).compose(process.env, version)

process.exitCode = await runProgram(process.argv.slice(2), {
  ...processDeps(),
  version,
  manifest: async (...asked) => (await parts()).manifest(...asked),
  startService: async (options) => (await parts()).startService(options),
  initialise: async (options) => (await parts()).initialise(options),
  publicKeys: async (options) => (await parts()).publicKeys(options),
  rotateKey: async (options) => (await parts()).rotateKey(options),
  acknowledgeRestore: async (options) => (await parts()).acknowledgeRestore(options),
  sweepOnce: async (options) => (await parts()).sweepOnce(options),
  checkProviders: async (options) => (await parts()).checkProviders(options),
  listProviders: async (options) => (await parts()).listProviders(options),
  reconcileProviders: async (options) => (await parts()).reconcileProviders(options),
  openAudit: async (url) => (await parts()).openAudit(url),
  verify: async (ask) => (await parts()).verify(ask),
  proofIn: async (path) => (await parts()).proofIn(path),
  openExport: async (path) => (await parts()).openExport(path),
  verifySegments: async (...asked) => (await parts()).verifySegments(...asked),
  localPolicies: async (dir) => (await parts()).localPolicies(dir),
  replay: async (source, wanted) => (await parts()).replay(source, wanted),
  startSandbox: async (options) => (await parts()).startSandbox(options),
})
