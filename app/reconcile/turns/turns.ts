import { NotSentError } from '../../provider/port.ts'
import { type Lane, lanes, longestLine, nextTurn, type Place } from './next-turn.ts'
import { heard, type Outcome, startPace } from './pace.ts'

/** `signal`: of the work. Whoever has not begun when `turnBy` aborts does not begin any more. */
type Turn = {
  readonly lane: Lane
  readonly place: string
  readonly signal: AbortSignal
  readonly turnBy: AbortSignal
}
export type Turns = <T>(turn: Turn, work: () => Promise<T>) => Promise<T>

/**
 * What work that threw tells of its place. `patient`: it had more time there than it had waited, else its silence says
 * nothing.
 */
export type OutcomeOf = (error: unknown, signal: AbortSignal, patient: boolean) => Outcome

type Waiter = { readonly go: () => void; readonly leave: (why: string, retryAfter?: number) => void }
type Line = { -readonly [Key in keyof Place]: Place[Key] } & {
  /** It failed or was silent, and has taken nothing away since. */
  away: boolean
  /** When it was last told to be back. */
  backAt: number
  readonly waiting: Readonly<Record<Lane, Set<Waiter>>>
}

/** A place that now answers and now does not is not told to be back at each of its answers. */
const betweenMs = 10_000

/**
 * Does work in turns: at most `each` pieces in one place and `most` in all, in the order of next-turn.ts; fewer where a
 * place ails, as `outcomeOf` tells (pace.ts). `name`: of the cloud, for the words of errors. `back` is told of a
 * place that was away, once something was taken away there again.
 * @returns what throws, besides what the work does, a NotSentError, nothing having been done: where `turnBy` aborts
 * before the turn comes, or the place ails and others wait for it already
 */
export const createTurns = (
  name: string,
  limits: { readonly most: number; readonly each: number },
  outcomeOf: OutcomeOf = () => ({ kind: 'untold' }),
  back: (place: string) => void = () => undefined,
  now = () => performance.now(),
): Turns => {
  const places = new Map<string, Line>()
  const { most, each } = limits
  let turns = 0
  let row = 0
  let timer: NodeJS.Timeout | undefined

  const lineOf = (place: string): Line => {
    const fresh = (): Line => ({
      pace: startPace(each),
      running: 0,
      others: 0,
      served: turns,
      away: false,
      backAt: Number.NEGATIVE_INFINITY,
      waiting: { takes: new Set(), gives: new Set(), looks: new Set() },
    })
    const line = places.get(place) ?? fresh()
    places.set(place, line)
    return line
  }

  /** Lets go whoever may, and comes back when a pause ends. */
  const proceed = (): void => {
    let at: number
    for (;;) {
      // Read once for this and for the pauses below: one that ended in between would be overlooked.
      at = now()
      const next = nextTurn(places, most, row, at)
      if (next === undefined) break
      const line = lineOf(next.place)
      const [waiter] = line.waiting[next.lane]
      if (waiter === undefined) break
      line.waiting[next.lane].delete(waiter)
      line.running++
      if (next.lane !== 'takes') {
        line.others++
        row = next.lane === 'gives' ? row + 1 : 0
      }
      line.served = ++turns
      waiter.go()
    }
    clearTimeout(timer)
    const pauses = [...places.values()]
      .filter((line) => lanes.some((lane) => line.waiting[lane].size > 0))
      .map(({ pace }) => pace.notBefore - at)
      .filter((ms) => ms > 0)
    if (pauses.length > 0) timer = setTimeout(proceed, Math.ceil(Math.min(...pauses)))
  }

  const come = ({ lane, place, turnBy }: Turn): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lineOf(place)
      const settle = () => {
        line.waiting[lane].delete(waiter)
        turnBy.removeEventListener('abort', late)
      }
      const waiter: Waiter = {
        go() {
          settle()
          resolve()
        },
        leave(why, retryAfter) {
          settle()
          const words = `${[name, place].join(' ').trim()} ${why}`
          reject(new NotSentError(words, retryAfter === undefined ? {} : { retryAfter }))
        },
      }
      const late = () => waiter.leave('is busy: its turn did not come in time')
      if (turnBy.aborted) return late()
      turnBy.addEventListener('abort', late, { once: true })
      line.waiting[lane].add(waiter)
      proceed()
      dismiss(line)
    })

  /** Sends away who came last, where more wait than a place that ails should keep. */
  const dismiss = (line: Line): void => {
    const longest = longestLine(line.pace, now())
    const pause = line.pace.notBefore - now()
    for (const lane of lanes) {
      if (line.waiting[lane].size <= longest) continue
      for (const waiter of [...line.waiting[lane]].slice(longest))
        waiter.leave('does not keep up, and others wait for it already', pause > 0 ? pause : undefined)
    }
  }

  const end = ({ lane, place }: Turn, outcome: Outcome, sentAt: number): void => {
    const line = lineOf(place)
    line.running--
    if (lane !== 'takes') line.others--
    line.pace = heard(line.pace, outcome, sentAt, now(), each)
    dismiss(line)
    if (outcome.kind === 'failed' || outcome.kind === 'silent') line.away = true
    const isBack =
      line.away && lane === 'takes' && outcome.kind === 'answered' && now() - line.backAt >= betweenMs
    if (isBack) {
      line.away = false
      line.backAt = now()
    }
    const idle = line.running === 0 && lanes.every((one) => line.waiting[one].size === 0)
    if (idle && !line.away && line.pace.failures === 0 && line.pace.limit === each) places.delete(place)
    proceed()
    if (isBack) back(place)
  }

  return async (turn, work) => {
    const cameAt = now()
    await come(turn)
    const sentAt = now()
    let outcome: Outcome = { kind: 'untold' }
    try {
      const answer = await work()
      outcome = { kind: 'answered' }
      return answer
    } catch (error) {
      outcome = outcomeOf(error, turn.signal, sentAt - cameAt < now() - sentAt)
      throw error
    } finally {
      end(turn, outcome, sentAt)
    }
  }
}
