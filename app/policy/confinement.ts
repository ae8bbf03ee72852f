import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/**
 * What stands around a child that reads policies, which may be hostile code (trust.md 1.8).
 * `held` and `missing`: the measures by name, for `server status` and the report of a trial.
 */
export type Confinement = {
  /** Put before the command: `prlimit … unshare …`. */
  readonly command: readonly string[]
  readonly held: readonly string[]
  readonly missing: readonly string[]
}

/** Of its own memory; opa takes some 100 MB for policies of the largest size. */
const dataBytes = 512 * 1024 * 1024
/** Go reserves more addresses than it uses: with a gigabyte opa just starts. */
const addressBytes = 4 * 1024 * 1024 * 1024
/** Processor time, so that a busy machine alone never ends a child, and a looping one always ends the same way. */
export const cpuSeconds = 15
const fileBytes = 64 * 1024 * 1024

export const memoryLimitText = `${dataBytes / 1024 / 1024} MiB of memory`

const limits = [
  `--cpu=${cpuSeconds}`,
  `--as=${addressBytes}`,
  `--data=${dataBytes}`,
  `--fsize=${fileBytes}`,
  '--core=0',
  '--',
]
/** Kept by every child, on every platform (opa.ts). */
const always = ['empty environment', 'capabilities', 'own process group', 'bounded output']
const limited = 'processor and memory limits'
const offline = 'no network'

/**
 * Finds what this machine allows by trying it on `command`, a program that ends at once. A user namespace
 * besides the network's takes no privilege, and takes the privileges of root away; where one is forbidden root
 * can still have the other alone.
 * @param path where `prlimit` and `unshare` (util-linux) are looked for, as PATH; empty: where systems have them
 */
export async function findConfinement(
  command: readonly [string, ...string[]],
  path: string,
): Promise<Confinement> {
  const searched = path === '' ? '/usr/bin:/bin:/usr/sbin:/sbin' : path
  const [prlimit, unshare] = await Promise.all([
    programOf('prlimit', searched),
    programOf('unshare', searched),
  ])
  const tried = async (candidates: readonly (readonly string[])[]) => {
    for (const candidate of candidates) if (await runs([...candidate, ...command])) return candidate
    return undefined
  }
  const bounds = prlimit === undefined ? undefined : await tried([[prlimit, ...limits]])
  const net =
    unshare === undefined
      ? undefined
      : await tried([
          [unshare, '--user', '--net', '--'],
          [unshare, '--net', '--'],
        ])
  const optional = [
    [limited, bounds],
    [offline, net],
  ] as const
  return {
    command: [...(bounds ?? []), ...(net ?? [])],
    held: [...always, ...optional.flatMap(([name, held]) => (held === undefined ? [] : [name]))],
    missing: optional.flatMap(([name, held]) => (held === undefined ? [name] : [])),
  }
}

async function programOf(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue
    const program = join(folder, name)
    const there = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return program
  }
  return undefined
}

const runs = ([program = '', ...args]: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(program, args, { env: {}, timeout: 20_000, killSignal: 'SIGKILL' }, (error) =>
      resolve(error === null),
    )
  })
