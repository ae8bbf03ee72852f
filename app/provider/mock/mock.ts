import type { Intent } from '../../grant/intent.ts'
import { cloudName } from '../../request/id.ts'
import { base32 } from '../mark.ts'
import { type Call, type Observation, type Provider, ProviderError } from '../port.ts'
import type { Bindings, MockBinding } from './bindings.ts'
import { type Fault, type Faults, type MockCall, refusal } from './faults.ts'

type MockOptions = {
  readonly bindings: Bindings
  readonly clock: { now(): number }
  /** The installation's name: bindings of another are strangers. */
  readonly instance: string
  /** Grants of one principal, role and scope share a binding; otherwise each has its own. */
  readonly shared?: boolean
  readonly faults?: Faults
  /** Waits before each call as a cloud far away would, in milliseconds. */
  readonly latencyMs?: number
  /** How long a read may lag behind a write. */
  readonly propagationMs?: number
}

/**
 * A cloud without a cloud: keeps its bindings behind `Bindings`, gives recognisable fake credentials and obeys
 * the contract, faults included. The default of demo and quick start.
 */
export const createMock = (options: MockOptions): Provider => {
  const { bindings, clock, shared = false, latencyMs = 0, propagationMs = 0 } = options
  const prefix = `gitsudo-${base32(options.instance)}-`
  /** What each handle showed before this process's last write to it: the most that a lagging read may show. */
  const before = new Map<string, { readonly binding: MockBinding | undefined; readonly at: number }>()

  const bindingKey = (intent: Intent): string =>
    shared
      ? `${prefix}${base32(JSON.stringify([intent.principal, intent.cloudRole, intent.scope]))}`
      : `${prefix}${cloudName(intent.grant)}`

  const read = async (handle: string, fault: Fault | undefined): Promise<MockBinding | undefined> => {
    const last = before.get(handle)
    const lags = fault?.kind === 'stale' && last !== undefined && clock.now() < last.at + propagationMs
    return lags ? last.binding : bindings.find(handle)
  }

  /** Latency, the fault that keeps the call from happening, the call, the fault that loses its answer. */
  const meeting = async <T>(
    name: MockCall,
    call: Call,
    work: (fault: Fault | undefined) => Promise<T>,
  ): Promise<T> => {
    if (latencyMs > 0) await pause(latencyMs, call.signal)
    const fault = options.faults?.(name)
    const refused = refusal(fault)
    if (refused !== undefined) throw refused
    if (fault?.kind === 'hang') await pause(undefined, call.signal)
    const answer = await work(fault)
    if (fault?.kind === 'lost') throw new ProviderError('unknown', 'mock: the answer was lost')
    return answer
  }

  return {
    name: 'mock',
    traits: { binding: true, marks: true, shared },
    propagationMs,
    account: (scope) => scope,
    bindingKey,
    inspect: (intent, call) =>
      meeting('inspect', call, async (fault) => observation(intent, await read(bindingKey(intent), fault))),
    ensure: (intent, call) =>
      meeting('ensure', call, async (fault) => {
        const handle = bindingKey(intent)
        refuseHostile(intent)
        if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'mock: the end has passed')
        const there = await bindings.find(handle)
        before.set(handle, { binding: there, at: clock.now() })
        const { grant, principal, cloudRole: role, scope } = intent
        // A shared binding outlives its first grant, so it cannot carry that grant's end.
        const expiry = shared ? {} : { expiresAt: intent.endsAt }
        if (there === undefined) await bindings.put({ handle, grant, principal, role, scope, ...expiry })
        const seen = observation(intent, await read(handle, fault))
        if (seen.kind !== 'present')
          throw new ProviderError('unavailable', 'mock: written, but not to be read yet')
        return seen
      }),
    remove: (intent, call) =>
      meeting('remove', call, async (fault) => {
        const handle = bindingKey(intent)
        const there = await bindings.find(handle)
        if (there !== undefined) before.set(handle, { binding: there, at: clock.now() })
        await bindings.delete(handle)
        return (await read(handle, fault)) === undefined ? 'absent' : 'removing'
      }),
    credentials: (intent, session, call) =>
      meeting('credentials', call, async () => {
        if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'mock: the end has passed')
        const mark = base32(`${intent.grant} ${session.id}`).toUpperCase()
        return {
          environment: {
            MOCK_ACCESS_KEY_ID: `MOCK${mark}`,
            MOCK_SECRET_ACCESS_KEY: `mock-secret-of-${cloudName(intent.grant)}`,
            MOCK_SESSION_TOKEN: `mock-session-${mark}`,
            MOCK_PRINCIPAL: intent.principal,
            MOCK_ROLE: intent.cloudRole,
            MOCK_SCOPE: intent.scope,
          },
          expiresAt: intent.endsAt,
        }
      }),
    list: (call, intents) =>
      meeting('list', call, async (fault) => {
        const wanted = new Map(intents.map((intent) => [bindingKey(intent), intent]))
        const away = fault?.kind === 'away' ? [fault.place] : []
        const found = (await bindings.all())
          .filter(({ handle, scope }) => handle.startsWith(prefix) && !away.includes(scope))
          .map((one) => ({ ...one, ...differing(one, wanted.get(one.handle)) }))
        const why = 'mock: it does not answer'
        return { bindings: found, unread: away.map((place) => ({ place, kind: 'unavailable', why })) }
      }),
    cutBack: (intent, call) =>
      meeting('cutBack', call, async (fault) => {
        const handle = bindingKey(intent)
        const there = await bindings.find(handle)
        if (there !== undefined) {
          before.set(handle, { binding: there, at: clock.now() })
          const { principal, cloudRole: role, scope } = intent
          const { expiresAt = intent.endsAt, ...rest } = there
          const expiry = shared ? {} : { expiresAt: Math.min(expiresAt, intent.endsAt) }
          await bindings.replace({ ...rest, principal, role, scope, ...expiry })
        }
        return observation(intent, await read(handle, fault))
      }),
    discard: ({ handle }, call) =>
      meeting('discard', call, async (fault) => {
        if (!handle.startsWith(prefix)) return 'absent'
        before.set(handle, { binding: await bindings.find(handle), at: clock.now() })
        await bindings.delete(handle)
        return (await read(handle, fault)) === undefined ? 'absent' : 'removing'
      }),
    check: (call) => meeting('check', call, async () => []),
  }
}

const observation = (intent: Intent, binding: MockBinding | undefined): Observation =>
  binding === undefined
    ? { kind: 'absent' }
    : {
        kind: 'present',
        handle: binding.handle,
        ...(binding.expiresAt === undefined ? {} : { expiresAt: binding.expiresAt }),
        ...differing(binding, intent),
      }

const differing = (
  { principal, role, scope }: MockBinding,
  intent: Intent | undefined,
): { readonly differs?: string } => {
  const asGranted =
    intent === undefined ||
    (principal === intent.principal && role === intent.cloudRole && scope === intent.scope)
  return asGranted ? {} : { differs: `${principal} has ${role} on ${scope}` }
}

/** What no cloud takes in a role or a scope, this one does not either. */
const refuseHostile = ({ cloudRole, scope }: Intent): void => {
  for (const [name, text] of [
    ['role', cloudRole],
    ['scope', scope],
  ] as const) {
    if (!/^[\p{L}\p{N}_.:/@+=,-]{1,512}$/u.test(text)) {
      throw new ProviderError('invalid', `mock: ${name} ${JSON.stringify(text.slice(0, 80))} is not one`)
    }
  }
}

/** Until `ms` have gone by (never, without it) or the caller gave up. */
const pause = (ms: number | undefined, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
    const stop = () => {
      clearTimeout(timer)
      reject(new ProviderError('unknown', 'mock: no answer'))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
