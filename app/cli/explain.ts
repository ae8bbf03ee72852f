import { CommanderError } from 'commander'
import { ConfigError } from '../config/fault.ts'
import { escapeUnseen } from '../request/quote.ts'
import type { CliDeps } from './deps.ts'
import { exitStatus, Failure } from './failure.ts'
import { refusal } from './refused.ts'
import { said } from './terminal/said.ts'
import { styleFor } from './terminal/style.ts'

/**
 * Says on standard error what went wrong, in one line and a hint where a person can act on it; a fault of ours comes
 * with its stack. Answers the exit status.
 */
export function explain(error: unknown, deps: Pick<CliDeps, 'err' | 'env'>): number {
  const style = styleFor(deps.err, deps.env)
  const say = (message: string, hint?: string) =>
    deps.err.write(
      `${style.red('gitsudo:')} ${indented(message)}\n${hint === undefined ? '' : said`  ${style.dim('→')} ${hint}\n`}`,
    )
  if (error instanceof Failure) {
    say(error.message, error.hint)
    return exitStatus[error.kind]
  }
  if (error instanceof ConfigError) {
    say(error.message)
    return exitStatus.usage
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    if (error.code !== 'commander.help')
      say(error.message.replace(/^error: /, ''), 'gitsudo help lists what there is')
    return exitStatus.usage
  }
  if (isForeseen(error)) {
    say(error.message)
    return exitStatus.unknown
  }
  const refused = refusal(error)
  if (refused !== undefined) {
    say(refused.message, refused.hint)
    return exitStatus[refused.kind]
  }
  const away = unreachable(error)
  if (away !== undefined) {
    say(`What this needs cannot be reached: ${away}`, 'check the address, and that it runs')
    return exitStatus.unknown
  }
  say(
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    'this is a fault of gitsudo; please report it',
  )
  return exitStatus.unknown
}

/** Lines after the first stand further in: none of them passes for one of ours, whoever wrote it. */
const indented = (message: string): string =>
  message
    .split('\n')
    .map((line, index) => (index === 0 || /^( {2}|$)/.test(line) ? '' : '  ') + escapeUnseen(line))
    .join('\n')

/** Errors of ours have a code of lower case and a sentence that says what to do; Node's and PostgreSQL's have others. */
const isForeseen = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && /^[a-z_]+$/.test(String(error.code))

const network = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/

/** Why the network, or a server's door, kept us out, looked for among the causes; undefined: it did not. */
function unreachable(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  // A name with several addresses fails once for each.
  const [first] = error instanceof AggregateError ? error.errors : []
  // A socket in the file system is not there at all while its server is away.
  const noSocket = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
  if (network.test(code) || noSocket) return error.message || unreachable(first) || code
  return unreachable(error.cause)
}
