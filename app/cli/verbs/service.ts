import { Failure } from '../failure.ts'
import { said } from '../terminal/said.ts'
import { flag, text, type Verb } from '../verb.ts'
import { configFile, configOf } from './config-file.ts'

export const sweep: Verb = {
  name: 'sweep',
  summary: 'Wake whatever is due, missed or in revocation debt, as the service does every 30 s',
  options: [{ flags: '--once', summary: 'one sweep, then end', required: true }, configFile],
  remote: false,
  json: true,
  async run(deps, args) {
    if (!flag(args, 'once'))
      throw new Failure('usage', 'The service sweeps by itself.', 'gitsudo sweep --once makes one sweep')
    const woken = await deps.sweepOnce(configOf(args))
    deps.out.write(args.output === 'json' ? `${JSON.stringify({ woken })}\n` : `${woken} woken\n`)
    return 0
  },
}

export const sandbox: Verb = {
  name: 'sandbox',
  summary: 'Run a local GitHub with the service on it, to try everything without an account',
  options: [{ flags: '--state-dir <folder>', summary: 'where it keeps its state' }],
  remote: false,
  json: false,
  async run(deps, args) {
    const stateDir = text(args, 'stateDir')
    // From the start on: what has been started by then is stopped, too.
    const interrupted = deps.interrupted()
    const running = await deps.startSandbox(stateDir === undefined ? {} : { stateDir })
    try {
      for (const line of running.lines) deps.out.write(said`${line}\n`)
      const by = await Promise.race([interrupted.then(() => 'us'), running.ended.then(() => 'itself')])
      if (by === 'itself')
        throw new Failure(
          'unknown',
          'The service of the sandbox has ended by itself.',
          'gitsudo.log in its folder says why',
        )
    } finally {
      await running.stop()
    }
    return 0
  },
}

export const version: Verb = {
  name: 'version',
  summary: "Print this command's version",
  options: [],
  remote: false,
  json: true,
  async run(deps, args) {
    deps.out.write(
      args.output === 'json' ? `${JSON.stringify({ version: deps.version })}\n` : `gitsudo ${deps.version}\n`,
    )
    return 0
  },
}
