import { callMs, sealMs } from '../grant/bounds.ts'
import { type Subject, strayEvent } from '../grant/events.ts'
import { type Found, strayVerdict, strayWords } from '../grant/findings.ts'
import type { Intent } from '../grant/intent.ts'
import { foldLedger, type Witness } from '../grant/ledger-view.ts'
import type { Stray } from '../grant/standing.ts'
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

/** One binding: whose mark it has, and where it is. */
type Placed = Pick<Found, 'grant' | 'handle'>

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
  const say = (gone: boolean) => record(deps, provider, { ...first, ...found, finding, why }, gone)
  if (!first.said) await say(false)
  deps.log.alert(`grant.${finding}`, {
    grant: found.grant,
    provider: provider.name,
    handle: found.handle,
    why,
  })
  try {
    const answer = await discardAlone(deps, provider, found, signal)
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
  if (!said) return
  await record(deps, provider, { ...found, finding: 'resurrected', subject, why: strayWords(found) }, true)
}

/**
 * What was found before and is listed no more: whether it was taken away nobody heard, nor whether all that belongs to it
 * was. It is asked for once more, and on record as gone where it is.
 */
export const finishStray = async (
  deps: StrayDeps,
  provider: Provider,
  begun: Stray,
  signal: AbortSignal,
): Promise<void> => {
  try {
    if ((await discardAlone(deps, provider, begun, signal)) !== 'absent') return
    const { subject, said } = await judge(deps, provider, begun)
    if (said) await record(deps, provider, { ...begun, subject }, true)
  } catch (error) {
    const { handle, grant } = begun
    deps.log.warn('a stray is not known to be gone', { provider: provider.name, handle, grant, error })
  }
}

/** Takes it away, unless it is a grant's by now. */
const discardAlone = async (deps: StrayDeps, provider: Provider, found: Placed, signal: AbortSignal) => {
  const call = callFor(deps.clock.now(), callMs, signal)
  const keys = [openingLock(found.grant), bindingLock(provider.name, found.handle)]
  return holding(deps.store, keys, call, async () => {
    const { verdict, intent, lives } = await judge(deps, provider, found)
    return verdict === 'leave' ? ('left' as const) : discard(provider, { ...found, lives }, intent, call)
  })
}

const record = async (
  deps: StrayDeps,
  provider: Provider,
  stray: Pick<Stray, 'grant' | 'handle' | 'finding' | 'why'> & { readonly subject: Subject | undefined },
  gone: boolean,
): Promise<void> => {
  const { finding, why, subject } = stray
  const of = { provider: provider.name, why, gone, ...(subject === undefined ? {} : { subject }) }
  const event = deps.keys.sign(strayEvent(finding, stray, of, deps.clock.now()))
  const staged = await deps.store.transaction((tx) => deps.ledger.stage(tx, event))
  await deps.ledger.sealed([staged], deps.clock.now() + sealMs)
}

const discard = (
  provider: Provider,
  found: Placed & { readonly lives: boolean },
  intent: Intent | undefined,
  call: Call,
) => {
  if (provider.discard !== undefined) return provider.discard(found, call)
  // Where nothing can carry marks it was found by the intent.
  if (provider.regained !== undefined && intent !== undefined) return provider.remove(intent, call)
  throw new ProviderError('invalid', `${provider.name} has no marks to tell what is gitsudo's`)
}

/** What waits for its seal is asked first, so that nothing slips between. */
const judge = async (deps: StrayDeps, provider: Provider, found: Placed) => {
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
  const lives = mine !== undefined && mine.stage !== 'scheduled'
  return { verdict, intent, subject, lives, said: isSaid(events, found.handle) }
}

/** Whether the last that the ledger says of this binding is that it was found. */
const isSaid = (events: readonly Witness[], handle: string): boolean =>
  events.findLast(
    ({ event, verified }) => verified && event.type === 'grant.drift' && event.data.handle === handle,
  )?.event.data.gone === false
