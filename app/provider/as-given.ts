import { type Configured, isSpent, toPutBack } from '../grant/configured.ts'
import type { Intent } from '../grant/intent.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { aroundCalls } from './around.ts'
import { type Provider, ProviderError, type Unread } from './port.ts'

type Deps = {
  readonly clock: { now(): number }
  readonly log: Pick<Log, 'alert'>
  /** Intents of this provider that are not over, by sealed events. */
  readonly open: () => Promise<readonly Intent[]>
}

/**
 * A provider that answers nothing about a grant which was given under another configuration: its place is not the one
 * that is derived today, and what is not there is not gone.
 */
export const asGiven = (
  provider: Provider,
  present: Configured | undefined,
  { clock, log, open }: Deps,
): Provider => {
  if (present === undefined) return provider
  const whyNot = (what: string): string =>
    `${provider.name}: configured otherwise than when the grant was given: put back ${what} until it has ended`
  const refuse = (intent: Intent): void => {
    const what = toPutBack(intent, present)
    if (what === undefined) return
    const why = whyNot(what)
    log.alert('provider.configured_otherwise', { provider: provider.name, grant: intent.grant, why })
    // Refused by ourselves: nothing was sent, however often it is tried.
    throw new ProviderError('conflict', why)
  }
  const isGone = (intent: Intent): boolean =>
    toPutBack(intent, present) !== undefined && isSpent(intent, clock.now())
  const asked = aroundCalls(provider, async ({ intents }, work) => {
    for (const intent of intents) refuse(intent)
    return work()
  })
  return {
    ...asked,
    inspect: async (intent, call) => (isGone(intent) ? { kind: 'absent' } : asked.inspect(intent, call)),
    remove: async (intent, call) => (isGone(intent) ? 'absent' : asked.remove(intent, call)),
    async list(call, intents) {
      const given = Map.groupBy(intents, (intent) => toPutBack(intent, present))
      const { bindings, unread } = await asked.list(call, given.get(undefined) ?? [])
      // Nobody can look there now: what is not listed of them is not missing.
      const others = [...given].flatMap(([what, there]) =>
        what === undefined
          ? []
          : [...new Set(there.map(({ scope }) => scope))].map(
              (place): Unread => ({ place, kind: 'conflict', why: whyNot(what) }),
            ),
      )
      return { bindings, unread: [...unread, ...others] }
    },
    async check(call) {
      const given = Map.groupBy(await open(), (intent) => toPutBack(intent, present))
      const found = [...given].flatMap(([what, intents]) =>
        what === undefined
          ? []
          : `put back ${what} until these grants have ended, which were given so: ${intents.map(({ grant }) => grant).join(', ')}`,
      )
      return [...found, ...(await asked.check(call))]
    },
  }
}
