import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** A working opa: where it is and which version it says it is. */
export type Opa = { readonly path: string; readonly version: string }
export type OpaRun = { readonly ok: boolean; readonly stdout: string; readonly stderr: string }

/** opa could not be run to its end; nothing is known about the sources it was given. */
export class OpaError extends Error {
  readonly code: 'not_runnable' | 'timeout'
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
  if (environment.OPA_BIN) return { path: environment.OPA_BIN, version: await versionOf(environment.OPA_BIN) }
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, process.platform === 'win32' ? 'opa.exe' : 'opa')
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return { path, version: await versionOf(path) }
  }
  return undefined
}

async function versionOf(path: string): Promise<string> {
  const { stdout } = await runOpa(path, ['version'], { timeoutMs: 20_000 })
  const version = /^Version: (\S+)/m.exec(stdout)?.[1]
  if (version === undefined) throw new OpaError('not_runnable', `${path} does not answer like opa`)
  return version
}

/** Runs opa with an empty environment. Throws `OpaError`; a non-zero exit is an answer, not an error. */
export function runOpa(
  path: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly cwd?: string },
): Promise<OpaRun> {
  return new Promise((resolve, reject) => {
    execFile(
      path,
      args,
      {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: {},
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ ok: true, stdout, stderr })
        else if (error.killed === true) {
          reject(
            new OpaError('timeout', `opa ${args[0]} did not finish within ${options.timeoutMs / 1000} s`, {
              cause: error,
            }),
          )
        } else if (typeof error.code === 'number') resolve({ ok: false, stdout, stderr })
        else reject(new OpaError('not_runnable', `${path} cannot be run: ${error.message}`, { cause: error }))
      },
    )
  })
}
