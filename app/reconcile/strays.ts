import { callMs, sealMs } from '../grant/bounds.ts'
import { type Subject, strayEvent } from '../grant/events.ts'
import { type Found, strayVerdict, strayWords } from '../grant/findings.ts'
import type { Intent } from '../grant/intent.ts'
import { foldLedger, type Witness } from '../grant/ledger-view.ts'
import { type Binding, type Call, type Provider, ProviderError } from '../provider/port.ts'
import { callFor } from './call-for.ts'
import { bindingLock } from './grant/binding.ts'
import { openingLock } from './grant/open.ts'
import { holding } from './holding.ts'
import { filedUnder } from './observe/filed.ts'
import type { Clock } from './ports/clock.ts'
import type { Keys } from './ports/keys.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { Store } from './ports/store.ts'

export type StrayDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly keys: Pick<Keys, 'sign' | 'verify'>
  readonly ledger: Pick<Ledger, 'stage' | 'sealed' | 'history' | 'remains' | 'waiting' | 'standing'>
  readonly store: Pick<Store, 'transaction' | 'alone'>
}

export type StrayFinding = {
  readonly finding: 'orphan' | 'resurrected'
  /** `left`: a grant got hold of it meanwhile. */
  readonly outcome: 'gone' | 'still there' | 'left'
  readonly note?: string
}

/** How long a list takes, at most, to be read and compared. */
export const listMs = 120_000

/**
 * Takes away a binding with our mark that is no grant's: on record before, and with everybody kept from opening its
 * grant, or from writing to its place, while it is looked at for the last time and discarded.
 * @returns undefined where it is a grant's after all
 */
export const endStray = async (
  deps: StrayDeps,
  provider: Provider,
  found: Binding,
  signal: AbortSignal,
): Promise<StrayFinding | undefined> => {
  const first = await judge(deps, provider, found)
  if (first.verdict === 'leave') return undefined
  const { verdict: finding } = first
  const why = strayWords(found)
  const say = (gone: boolean) => record(deps, provider, { ...first, finding }, found, gone)
  if (!first.said) await say(false)
  deps.log.alert(`grant.${finding}`, {
    grant: found.grant,
    provider: provider.name,
    handle: found.handle,
    why,
  })
  try {
    const call = callFor(deps.clock.now(), callMs, signal)
    const keys = [openingLock(found.grant), bindingLock(provider.name, found.handle)]
    const answer = await holding(deps.store, keys, call, async () => {
      const { verdict, intent } = await judge(deps, provider, found)
      return verdict === 'leave' ? 'left' : discard(provider, found, intent, call)
    })
    if (answer === 'left') return { finding, outcome: 'left' }
    if (answer === 'removing') return { finding, outcome: 'still there' }
    await say(true)
    return { finding, outcome: 'gone' }
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return { finding, outcome: 'still there', note: error.message }
  }
}

/** Puts on record that what was found again is gone, unless that is there already. */
export const closeStray = async (deps: StrayDeps, provider: Provider, found: Found): Promise<void> => {
  const { subject, said } = await judge(deps, provider, found)
  if (said) await record(deps, provider, { finding: 'resurrected', subject }, found, true)
}

const record = async (
  deps: StrayDeps,
  provider: Provider,
  { finding, subject }: { readonly finding: 'orphan' | 'resurrected'; readonly subject: Subject | undefined },
  found: Found,
  gone: boolean,
): Promise<void> => {
  const of = {
    provider: provider.name,
    why: strayWords(found),
    gone,
    ...(subject === undefined ? {} : { subject }),
  }
  const event = deps.keys.sign(strayEvent(finding, found, of, deps.clock.now()))
  const staged = await deps.store.transaction((tx) => deps.ledger.stage(tx, event))
  await deps.ledger.sealed([staged], deps.clock.now() + sealMs)
}

const discard = (provider: Provider, found: Binding, intent: Intent | undefined, call: Call) => {
  if (provider.discard !== undefined) return provider.discard(found, call)
  // Where nothing can carry marks it was found by the intent.
  if (provider.regained !== undefined && intent !== undefined) return provider.remove(intent, call)
  throw new ProviderError('invalid', `${provider.name} has no marks to tell what is gitsudo's`)
}

/** What waits for its seal is asked first, so that nothing slips between. */
const judge = async (deps: StrayDeps, provider: Provider, found: Found) => {
  const waiting = await deps.ledger.waiting('grant.intended')
  const { open } = await deps.ledger.standing()
  const filed = await filedUnder(deps, found.grant)
  const events = filed.events.map(({ event }) => ({ event, verified: deps.keys.verify(event) }))
  const ledger = foldLedger(found.grant, events)
  const mine = open.get(found.grant)
  // Of those that are never shared, a place is one grant's, by its mark.
  const taken = (provider.traits.shared ? [...open.values()] : mine === undefined ? [] : [mine]).some(
    ({ intent, stage }) =>
      stage !== 'scheduled' &&
      intent.provider === provider.name &&
      provider.bindingKey(intent) === found.handle,
  )
  const verdict = strayVerdict(
    {
      ledger,
      coming: waiting.some(({ grant }) => grant === found.grant),
      taken,
      settleMs: provider.propagationMs + listMs,
    },
    deps.clock.now(),
  )
  const { intent } = ledger
  const subject: Subject | undefined =
    intent === undefined ? undefined : { id: intent.grant, repository: intent.repository, pull: intent.pull }
  return { verdict, intent, subject, said: isSaid(events, found.handle) }
}

/** Whether the last that the ledger says of this binding is that it was found. */
const isSaid = (events: readonly Witness[], handle: string): boolean =>
  events.findLast(
    ({ event, verified }) => verified && event.type === 'grant.drift' && event.data.handle === handle,
  )?.event.data.gone === false
