import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { AtWork, Command } from './deps.ts'
import { Failure } from './failure.ts'
import { privateFiles } from './private-files.ts'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** A shell that has not gone by then ignores the hang-up. */
const graceMs = 5_000

/**
 * The command gets our standard streams and every signal that we get, and its end is ours. What a terminal sends
 * (Ctrl-C, Ctrl-\) reaches its whole process group, the command too: then it is only kept from ending us.
 */
export function execute(
  { command, args, env, files, shell = false }: Command,
  alongside: (at: AtWork, over: AbortSignal) => Promise<void>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let late: NodeJS.Timeout | undefined
    const hangUp = () => {
      child.kill('SIGHUP')
      late ??= setTimeout(() => child.kill('SIGKILL'), graceMs)
    }
    const handlers = forwarded.map((signal) => {
      const handler = () => {
        if (process.stdin.isTTY === true && (signal === 'SIGINT' || signal === 'SIGQUIT')) return
        // An interactive shell ignores SIGTERM.
        if (shell && (signal === 'SIGTERM' || signal === 'SIGHUP')) hangUp()
        else child.kill(signal)
      }
      process.on(signal, handler)
      return () => process.off(signal, handler)
    })
    // After the handlers: a signal in between would end us and leave files, or the command running without us. None
    // of them runs before the command does, for signals are heard between two turns of the event loop.
    const written = privateFiles(files)
    const over = new AbortController()
    const done = () => {
      clearTimeout(late)
      over.abort()
      written.remove()
      for (const remove of handlers) remove()
    }
    const child = spawn(command, [...args], { env: { ...env, ...written.paths }, stdio: 'inherit' })
    const failed = (error: unknown) => {
      child.kill('SIGKILL')
      done()
      reject(error)
    }
    const say = written.keeper?.say ?? ((text: string) => void process.stderr.write(text))
    child.on('error', (cause) => {
      // It runs. What has become somebody else's process (sudo) cannot be signalled by us, and is not ours to end.
      if (child.pid !== undefined)
        return say(
          `\r\ngitsudo: ${command} gets no signal from us (${cause.message}): it runs as another user; end it as that one.\r\n`,
        )
      const missing = 'code' in cause && cause.code === 'ENOENT'
      const why = missing
        ? `${command}: there is no such command.`
        : `${command} cannot be run: ${cause.message}`
      failed(new Failure('usage', why, undefined, { cause }))
    })
    // It ends as it would without us, whatever goes wrong beside it.
    child.once('exit', (code, signal) => {
      done()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
    written.keeper?.failed.catch(failed)
    alongside({ say, hangUp }, over.signal).catch((error: unknown) => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
      say(
        `\r\ngitsudo: the end of this access will not be said, by a fault of gitsudo; please report it: ${what}\r\n`,
      )
    })
  })
}
