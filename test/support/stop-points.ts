import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import type { Ports } from '../../app/compose/ports.ts'

/** Kills the process at the `nth` call of a port's method whose arguments mention all of `mentions`. */
export type Stop = {
  /** As `store.saveGrant`, `github.repository.createCheck` or `providers.mock.ensure`. */
  readonly call: string
  /** `after`: done, or refused because an earlier kill left it done, and not yet known to the caller. */
  readonly when: 'before' | 'after'
  readonly nth?: number
  readonly mentions: readonly string[]
}

const hitsOf = (file: string): string => `${file}.hit`

export const writeStops = (file: string, stops: readonly Stop[]): void =>
  writeFileSync(file, JSON.stringify(stops))

/** Stop points that killed a process already. */
export const stopsHit = (file: string): readonly string[] =>
  existsSync(hitsOf(file)) ? readFileSync(hitsOf(file), 'utf8').trim().split('\n') : []

/** Those that did not: each kills once. */
export const readStops = (file: string): readonly Stop[] => {
  const hit = stopsHit(file)
  const stops = JSON.parse(readFileSync(file, 'utf8')) as readonly Stop[]
  return stops.filter((stop) => !hit.includes(JSON.stringify(stop)))
}

/** The same ports, with the process's death at the stops. */
export const withStops = (ports: Ports, stops: readonly Stop[], file: string): Ports => {
  const counts = new Map<Stop, number>()
  /** What `ledger.sealed` waits for is told by id: the words of each staged event. */
  const staged = new Map<string, string>()
  /** `said`: the words of the call, or of each of the events that it is about. */
  const reach = (call: string, when: Stop['when'], said: readonly string[]): void => {
    for (const stop of stops) {
      const meant = said.some((words) => stop.mentions.every((text) => words.includes(text)))
      if (stop.call !== call || stop.when !== when || !meant) continue
      const count = (counts.get(stop) ?? 0) + 1
      counts.set(stop, count)
      if (count !== (stop.nth ?? 1)) continue
      appendFileSync(hitsOf(file), `${JSON.stringify(stop)}\n`)
      process.kill(process.pid, 'SIGKILL')
    }
  }
  const watched = <T extends object>(target: T, path: string): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function' || typeof name === 'symbol') return value
        const call = `${path}.${name}`
        return (...args: readonly unknown[]): unknown => {
          const staging = call === 'ledger.stage' || call === 'ledger.stageAll'
          const wanted = staging || stops.some((stop) => stop.call === call)
          const inWords = (what: unknown) =>
            inspect(what, { depth: 4, breakLength: Number.POSITIVE_INFINITY })
          const said = !wanted
            ? []
            : call === 'ledger.sealed'
              ? (args[0] as readonly string[]).map((id) => staged.get(id) ?? '')
              : call === 'ledger.stageAll'
                ? (args[1] as readonly unknown[]).map(inWords)
                : [inWords(args)]
          reach(call, 'before', said)
          const answer: unknown = Reflect.apply(value, target, args)
          if (!(answer instanceof Promise))
            return typeof answer === 'object' && answer !== null ? watched(answer, call) : answer
          return answer.then(
            (result: unknown) => {
              if (staging)
                for (const [at, id] of [result].flat().entries()) staged.set(String(id), said[at] ?? '')
              reach(call, 'after', said)
              return result
            },
            (error: unknown) => {
              reach(call, 'after', said)
              throw error
            },
          )
        }
      },
    })
  const providers = new Map(
    [...ports.providers].map(([name, provider]) => [name, watched(provider, `providers.${name}`)] as const),
  )
  const { store, ledger, queue, github, git, checkpoints, anchor } = ports
  return {
    ...ports,
    store: watched(store, 'store'),
    ledger: watched(ledger, 'ledger'),
    queue: watched(queue, 'queue'),
    github: watched(github, 'github'),
    git: watched(git, 'git'),
    checkpoints: watched(checkpoints, 'checkpoints'),
    ...(anchor === undefined ? {} : { anchor: watched(anchor, 'anchor') }),
    providers,
  }
}
