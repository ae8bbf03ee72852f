import { requestSchema } from './api.ts'
import type { Client } from './client.ts'
import type { AtWork, CliDeps } from './deps.ts'
import { Failure } from './failure.ts'
import { relative } from './terminal/relative.ts'

/** Whoever sits in a shell hears so long before the end of it. */
const warnings = [5 * 60_000, 60_000]
/** How often the service is asked whether a grant has ended early. */
const everyMs = 60_000

/** Access that was given to a command or a shell. `endsAt`: epoch ms. */
export type Given = { readonly id: string; readonly endsAt: number; readonly shell: boolean }

/** Goes on beside a command: says when the access that it was given has ended, and closes a shell. */
export const untilEnd = async (
  deps: Pick<CliDeps, 'clock' | 'sleep'>,
  client: Pick<Client, 'get'>,
  { id, endsAt, shell }: Given,
  at: AtWork,
  over: AbortSignal,
): Promise<void> => {
  const say = (text: string) => at.say(`\r\ngitsudo: ${text}\r\n`)
  const end = (what: string) => {
    say(`${id} ${what}; ${shell ? 'this shell is closed' : 'the command goes on without it'}.`)
    if (shell) at.hangUp()
  }
  let now = deps.clock.now()
  while (now < endsAt) {
    const moments = [now + everyMs, endsAt, ...(shell ? warnings.map((ms) => endsAt - ms) : [])]
    await deps.sleep(Math.min(...moments.filter((one) => one > now)) - now, over)
    if (over.aborted) return
    const before = now
    now = deps.clock.now()
    if (now >= endsAt) break
    const ended = await endedEarly(client, id)
    if (over.aborted) return
    if (ended !== undefined) return end(`is ${ended}`)
    if (shell && warnings.some((ms) => before < endsAt - ms && endsAt - ms <= now))
      say(`${id} ends ${relative(new Date(endsAt).toISOString(), now)}, and this shell with it.`)
  }
  end('has ended')
}

/** Its state, if that is no longer active. Who cannot be asked says nothing: the end that is known stands. */
const endedEarly = async (client: Pick<Client, 'get'>, id: string): Promise<string | undefined> => {
  try {
    const { state } = await client.get(`/api/v1/requests/${encodeURIComponent(id)}`, requestSchema)
    return state === 'active' ? undefined : state
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
