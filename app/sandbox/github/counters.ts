/** What was asked of this GitHub, for benchmarks. */
export type Counts = {
  /** `GET /repos/{owner}/{repo}/pulls` → how often; answers 304 are counted too. */
  readonly calls: Readonly<Record<string, number>>
  readonly reads: number
  readonly writes: number
  readonly gitFetches: number
  readonly gitPushes: number
  readonly deliveries: number
}

export type Counters = {
  api(method: string, template: string): void
  git(kind: 'fetch' | 'push'): void
  delivery(): void
  read(): Counts
  reset(): void
}

export function newCounters(): Counters {
  const calls = new Map<string, number>()
  const totals = { reads: 0, writes: 0, gitFetches: 0, gitPushes: 0, deliveries: 0 }
  return {
    api: (method, template) => {
      const key = `${method} ${template}`
      calls.set(key, (calls.get(key) ?? 0) + 1)
      if (method === 'GET' || method === 'HEAD') totals.reads++
      else totals.writes++
    },
    git: (kind) => {
      if (kind === 'fetch') totals.gitFetches++
      else totals.gitPushes++
    },
    delivery: () => {
      totals.deliveries++
    },
    read: () => ({ calls: Object.fromEntries([...calls].sort()), ...totals }),
    reset: () => {
      calls.clear()
      Object.assign(totals, { reads: 0, writes: 0, gitFetches: 0, gitPushes: 0, deliveries: 0 })
    },
  }
}
