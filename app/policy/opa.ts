import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Confinement, cpuSeconds, findConfinement, memoryLimitText } from './confinement.ts'

/** A working opa: where it is, which version it says it is, and what its children are confined by. */
export type Opa = { readonly path: string; readonly version: string; readonly confinement?: Confinement }
export type OpaRun = { readonly ok: boolean; readonly stdout: string; readonly stderr: string }

/**
 * opa could not be run to its end; nothing is known about the sources it was given, except for `limit`: they
 * take more than policies get, and would again.
 */
export class OpaError extends Error {
  readonly code: 'not_runnable' | 'timeout' | 'limit'
  constructor(code: OpaError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OpaError'
    this.code = code
  }
}

/**
 * opa of `OPA_BIN`, else of `PATH` (product.md, Policies: nowhere else at run time), or undefined.
 * Throws `OpaError` when what `OPA_BIN` names does not work: a wrong setting is not the same as none.
 */
export async function findOpa(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Opa | undefined> {
  const searched = environment.PATH ?? ''
  if (environment.OPA_BIN) return opaAt(environment.OPA_BIN, searched)
  for (const folder of searched.split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, process.platform === 'win32' ? 'opa.exe' : 'opa')
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return opaAt(path, searched)
  }
  return undefined
}

async function opaAt(path: string, searched: string): Promise<Opa> {
  const { stdout } = await runOpa({ path }, ['version'], { timeoutMs: 20_000 })
  const version = /^Version: (\S+)/m.exec(stdout)?.[1]
  if (version === undefined) throw new OpaError('not_runnable', `${path} does not answer like opa`)
  return { path, version, confinement: await findConfinement([path, 'version'], searched) }
}

/** What `server status` says of the compiler, and of the measures around it that this machine allows (trust.md 1.8). */
export const describeOpa = (opa: Opa | undefined): string => {
  if (opa === undefined) return 'not found: only the packaged policies can be used'
  const { held = [], missing = [] } = opa.confinement ?? {}
  const without = missing.length === 0 ? '' : `; this machine does not allow: ${missing.join(', ')}`
  return `${opa.version}, confined by: ${held.join(', ')}${without}`
}

const outputBytes = 64 * 1024 * 1024

/**
 * Runs opa confined: with an empty environment, in a process group of its own that is killed as one, and its
 * output bounded. Throws `OpaError`; a non-zero exit is an answer, not an error.
 */
export function runOpa(
  opa: Pick<Opa, 'path' | 'confinement'>,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly cwd?: string; readonly signal?: AbortSignal | undefined },
): Promise<OpaRun> {
  const [program = opa.path, ...rest] = [...(opa.confinement?.command ?? []), opa.path, ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let failure: OpaError | undefined
    const stop = (error: OpaError) => {
      failure ??= error
      killGroup(child.pid)
    }
    const late = () =>
      stop(
        new OpaError('timeout', `opa ${args[0]} did not finish within ${options.timeoutMs / 1000} s`, {
          cause: options.signal?.reason,
        }),
      )
    const timer = setTimeout(late, options.timeoutMs)
    options.signal?.addEventListener('abort', late, { once: true })
    if (options.signal?.aborted) late()

    let size = 0
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length
      if (size > outputBytes)
        stop(new OpaError('limit', `opa ${args[0]} says more than ${outputBytes / 1024 / 1024} MiB`))
      else chunks.push(chunk)
    }
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', keep(stdout))
    child.stderr.on('data', keep(stderr))
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', late)
      finish()
    }
    child.on('error', (cause) =>
      settle(() =>
        reject(new OpaError('not_runnable', `${opa.path} cannot be run: ${cause.message}`, { cause })),
      ),
    )
    child.on('close', (code, signal) =>
      settle(() => {
        const run = { ok: code === 0, stdout: textOf(stdout), stderr: textOf(stderr) }
        const ended = failure ?? noAnswer(opa.path, args[0], code, signal, run.stderr)
        if (ended === undefined) resolve(run)
        else reject(ended)
      }),
    )
  })
}

/** Past the limit of processor time the kernel kills; past that of memory Go's runtime gives up by itself. */
function noAnswer(
  path: string,
  verb: string | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
): OpaError | undefined {
  if (signal !== null)
    return new OpaError(
      'limit',
      `opa ${verb} was ended by ${signal}: it gets ${cpuSeconds} s of processor time`,
    )
  if (code === 2 && /^(?:fatal error|panic|runtime): /m.test(stderr))
    return new OpaError('limit', `opa ${verb} gave up: it gets ${memoryLimitText}`)
  // opa ends with 0, 1 or 2; what confines it says who speaks.
  const neverStarted = (code ?? 0) > 2 || /^(?:\S*\/)?(?:prlimit|unshare): /.test(stderr)
  return neverStarted
    ? new OpaError('not_runnable', `${path} cannot be run: ${stderr.trim().slice(0, 200)}`)
    : undefined
}

/** The child leads its group; whatever it started goes with it. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (cause) {
    // ESRCH: it ended by itself meanwhile.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
  }
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8')
