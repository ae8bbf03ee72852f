import { callMs } from '../../grant/bounds.ts'
import type { Intent } from '../../grant/intent.ts'
import type { Seen } from '../../grant/step.ts'
import { type Call, type FaultKind, type Provider, ProviderError } from '../../provider/port.ts'
import { callFor } from '../call-for.ts'
import type { GrantDeps } from './deps.ts'
import type { Situation } from './situation.ts'

/** How many tries in a row a fault may last before it counts as a refusal for good. */
const patience: Readonly<Record<FaultKind, number>> = {
  invalid: 0,
  forbidden: 4,
  not_found: 4,
  conflict: Infinity,
  throttled: Infinity,
  unavailable: Infinity,
  unknown: Infinity,
}

/** After these nobody knows whether a write has happened, or still will. */
const unanswered: readonly FaultKind[] = ['unavailable', 'unknown']

/** What a call said, and whether the cloud answered at all. */
export type Answer = { readonly seen: Seen; readonly answered: boolean }

export type Question = (provider: Provider, intent: Intent, call: Call) => Promise<Seen>

/** Calls the grant's provider with the verified intent, until `deadline` (epoch ms); what goes wrong becomes something seen. */
export const ask = async (
  deps: Pick<GrantDeps, 'clock' | 'log'>,
  { provider, ledger: { intent }, row }: Situation,
  signal: AbortSignal,
  question: Question,
  deadline = deps.clock.now() + callMs,
): Promise<Answer> => {
  if (intent === undefined) throw new Error(`grant ${row.id} has no verified intent`)
  if (provider === undefined) {
    const why = `provider ${intent.provider} is not configured`
    deps.log.alert('provider.missing', { provider: intent.provider, grant: row.id })
    return { seen: { kind: 'trouble', why, patience: Infinity }, answered: true }
  }
  const now = deps.clock.now()
  const bounds = callFor(now, deadline - now, signal, row.tries + 1)
  try {
    return { seen: await question(provider, intent, bounds), answered: true }
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return {
      answered: !unanswered.includes(error.kind),
      seen: {
        kind: 'trouble',
        why: error.message,
        patience: patience[error.kind],
        ...(error.retryAfter === undefined ? {} : { notBefore: deps.clock.now() + error.retryAfter }),
      },
    }
  }
}
