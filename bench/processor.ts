import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Bed } from './bed.ts'

const msPerTick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

type Usage = { readonly parent: number; readonly ms: number }

/** Of one process and the children it has waited for: proc(5), fields 4 and 14 to 17 of `stat`. */
const usageOf = (pid: number): Usage | undefined => {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is the name, in brackets, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), ms: ticks * msPerTick }
}

/** Processor time since they began, in milliseconds. */
export type Processor = { readonly here: number; readonly replicas: number; readonly database: number }

/**
 * What the replicas, PostgreSQL, and this process (the local GitHub and the people) have used of the processors; unlike
 * a time, it hardly depends on what else the machine does.
 */
export const processor = async (
  { query }: Pick<Bed, 'query'>,
  replicas: readonly (number | undefined)[],
): Promise<Processor> => {
  const [backend] = await query('select pg_backend_pid() as pid')
  const postmaster = usageOf(Number(backend?.pid))?.parent ?? 0
  const { user, system } = process.cpuUsage()
  const ofReplicas = replicas.map((pid) => usageOf(pid ?? 0)?.ms ?? 0)
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (usageOf(Number(name)) ?? []) : [],
  )
  const ofDatabase = all.filter(({ parent }) => parent === postmaster)
  return {
    here: (user + system) / 1000,
    replicas: ofReplicas.reduce((sum, ms) => sum + ms, 0),
    database: ofDatabase.reduce((sum, { ms }) => sum + ms, usageOf(postmaster)?.ms ?? 0),
  }
}

/** What was used between two looks, for each of so many. */
export const used = (before: Processor, after: Processor, each: number): string => {
  const ms = (key: keyof Processor) => ((after[key] - before[key]) / each).toFixed(0)
  return `replicas ${ms('replicas')} ms, PostgreSQL ${ms('database')} ms, the local GitHub and people ${ms('here')} ms`
}
