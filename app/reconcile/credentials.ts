import { callMs, sealMs } from '../grant/bounds.ts'
import { credentialsEvent } from '../grant/events.ts'
import type { Intent } from '../grant/intent.ts'
import { type Credentials, type Provider, ProviderError } from '../provider/port.ts'
import { callFor } from './call-for.ts'
import type { GrantDeps } from './grant/deps.ts'
import { readLedger } from './grant/situation.ts'
import { withheld } from './grant/withheld.ts'

/**
 * `why`: a sentence for the caller. `principal`: what there is are no credentials, but where to go as that, the
 * requester's own identity.
 */
export type CredentialsAnswer =
  | ({ readonly ok: true; readonly principal?: string } & Credentials)
  | { readonly ok: false; readonly why: string }

/**
 * Credentials of an active grant for its requester alone (trust.md 9.3): `credentials.issued` is sealed before
 * they are asked for, the grant is looked at again after the seal and after the answer, and they never outlive
 * the grant. They are returned, and kept nowhere.
 * @param caller numeric GitHub id, already authenticated
 */
export const issueCredentials = async (
  deps: GrantDeps,
  id: string,
  caller: number,
  session: { readonly id: string },
  signal: AbortSignal,
): Promise<CredentialsAnswer> => {
  const before = await standing(deps, id, caller)
  if (!before.ok) return before
  const { intent, provider } = before
  const { principal, endsAt: expiresAt } = intent
  const environment = provider.environment?.(intent)
  if (environment !== undefined) return { ok: true, environment, principal, expiresAt }
  if (provider.credentials === undefined) {
    const why = `on ${intent.provider} the grant is for your own identity, ${principal}: there are no credentials to pass on, run the command as yourself`
    return { ok: false, why }
  }
  const now = deps.clock.now()
  const to = { kind: 'user' as const, id: String(caller), login: intent.requester.login }
  const subject = { id, repository: intent.repository, pull: intent.pull }
  const event = deps.keys.sign(credentialsEvent(subject, now, to, session.id, intent.endsAt))
  const staged = await deps.store.transaction((tx) => deps.ledger.stage(tx, event))
  await deps.ledger.sealed([staged], now + sealMs)

  const after = await standing(deps, id, caller)
  if (!after.ok) return after
  const ms = Math.max(1, Math.min(callMs, intent.endsAt - deps.clock.now()))
  try {
    const given = await provider.credentials(intent, session, callFor(deps.clock.now(), ms, signal))
    if (given.expiresAt > intent.endsAt) {
      deps.log.alert('credentials.too_long', { grant: id, provider: intent.provider })
      return {
        ok: false,
        why: `${intent.provider} gave credentials that outlive the grant; they were discarded`,
      }
    }
    const still = await standing(deps, id, caller)
    return still.ok ? { ok: true, ...given } : still
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    deps.log.warn('no credentials', {
      grant: id,
      provider: intent.provider,
      kind: error.kind,
      why: error.message,
    })
    return { ok: false, why: `${intent.provider} gave no credentials: ${error.message}` }
  }
}

type Standing =
  | { readonly ok: false; readonly why: string }
  | { readonly ok: true; readonly intent: Intent; readonly provider: Provider }

/** Whether the ledger and the row both say that this person's grant is active now. */
const standing = async (deps: GrantDeps, id: string, caller: number): Promise<Standing> => {
  const row = await deps.store.grant(id)
  const [ledger, asked] = await Promise.all([readLedger(deps, id), deps.store.revokeAsked(id)])
  const { intent } = ledger
  if (row === undefined || intent === undefined) return { ok: false, why: 'there is no such grant' }
  if (intent.requester.id !== caller) return { ok: false, why: 'credentials go to the requester only' }
  // `grant.issued` may still wait for its seal; what gives is the intent, and what forbids is sealed first.
  if (row.state !== 'active') return { ok: false, why: `the grant is ${row.state}, not active` }
  if (ledger.blocked || (asked !== undefined && asked !== 'forged'))
    return { ok: false, why: 'the grant is being revoked' }
  if (deps.clock.now() >= intent.endsAt) return { ok: false, why: 'the grant has ended' }
  const why = await withheld(deps, id)
  if (why !== undefined) return { ok: false, why }
  const provider = deps.providers.get(intent.provider)
  if (provider === undefined) return { ok: false, why: `provider ${intent.provider} is not configured` }
  return { ok: true, intent, provider }
}
