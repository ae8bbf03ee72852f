import { requestSchema } from './api.ts'
import type { Client } from './client.ts'
import type { AtWork, CliDeps } from './deps.ts'
import { Failure } from './failure.ts'
import { relative } from './terminal/relative.ts'
import { said } from './terminal/said.ts'

type Deps = Pick<CliDeps, 'clock' | 'sleep'>

/** Whoever sits in a shell hears so long before the end of it. */
const warnings = [5 * 60_000, 60_000]
/** How often the service is asked whether a grant has ended early, and the clock, of a machine that may have slept. */
const everyMs = 60_000

/** Access that was given to a command or a shell. `endsAt`: epoch ms. */
export type Given = { readonly id: string; readonly endsAt: number; readonly shell: boolean }

/** Goes on beside a command: says when the access that it was given has ended, and closes a shell. */
export const untilEnd = async (
  deps: Deps,
  client: Pick<Client, 'get'>,
  given: Given,
  at: AtWork,
  over: AbortSignal,
): Promise<void> => {
  const { id, shell } = given
  const say = (text: string) => at.say(`\r\ngitsudo: ${text}\r\n`)
  const known = new AbortController()
  const done = AbortSignal.any([over, known.signal])
  try {
    // Side by side: the end that is known waits for no answer.
    const what = await Promise.race([endedEarly(deps, client, id, done), endedInTime(deps, given, say, done)])
    if (over.aborted) return
    say(said`${id} ${what}; ${shell ? 'this shell is closed' : 'the command goes on without it'}.`)
    if (shell) at.hangUp()
  } finally {
    known.abort()
  }
}

const endedInTime = async (
  { clock, sleep }: Deps,
  { id, endsAt, shell }: Given,
  say: (text: string) => void,
  done: AbortSignal,
): Promise<string> => {
  let now = clock.now()
  while (now < endsAt) {
    const moments = [now + everyMs, endsAt, ...(shell ? warnings.map((ms) => endsAt - ms) : [])]
    await sleep(Math.min(...moments.filter((one) => one > now)) - now, done)
    if (done.aborted) break
    const before = now
    now = clock.now()
    if (shell && now < endsAt && warnings.some((ms) => before < endsAt - ms && endsAt - ms <= now))
      say(said`${id} ends ${relative(new Date(endsAt).toISOString(), now)}, and this shell with it.`)
  }
  return 'has ended'
}

/** Asks until it is no longer active. Who cannot be asked says nothing, and is asked again. */
const endedEarly = async (
  { sleep }: Deps,
  client: Pick<Client, 'get'>,
  id: string,
  done: AbortSignal,
): Promise<string> => {
  let state = 'active'
  while (state === 'active') {
    await sleep(everyMs, done)
    // Nobody waits for this any more.
    if (done.aborted) break
    try {
      ;({ state } = await client.get(`/api/v1/requests/${encodeURIComponent(id)}`, requestSchema, {}, done))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
  return `is ${state}`
}
