import { type Reach, refusals } from '../grant/grantable.ts'
import type { Intent } from '../grant/intent.ts'
import type { ProviderName } from '../request/request.ts'

/** A role of the accepted catalogues, in one of its scopes; `seconds`: for how long at most. */
export type Offer = Pick<Intent, 'cloudRole' | 'scope'> & { readonly seconds: number }

/**
 * What is offered, for `check`: what can be granted at all, and in words what cannot, whoever asks, or why nobody can tell.
 * What the cloud lacks is to be said even where no catalogue can be read. `someone`: a principal that the cloud takes.
 */
export const readOffers = async (
  provider: ProviderName,
  offered: () => Promise<readonly Offer[]>,
  someone: string,
  reach: Reach = {},
): Promise<{ readonly offers: readonly Offer[]; readonly wrong: readonly string[] }> => {
  let all: readonly Offer[]
  try {
    all = await offered()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { offers: [], wrong: [`roles.yaml could not be read: ${why}`] }
  }
  const judged = all.map((offer) => ({
    offer,
    faults: refusals(provider, { principal: someone, ...offer }, reach),
  }))
  return {
    offers: judged.flatMap(({ offer, faults }) => (faults.length === 0 ? [offer] : [])),
    wrong: judged.flatMap(({ faults }) => faults.map(({ had, remedy }) => `roles.yaml: ${had}: ${remedy}`)),
  }
}
