import type { Clock } from '../reconcile/ports/clock.ts'
import { GitHubError } from '../reconcile/ports/github.ts'
import type { ClientOptions } from './client.ts'
import type { Installation } from './installation.ts'

/** The token bucket that all replicas share, one per installation. */
export type Budget = {
  readonly takeBudget: (
    installation: number,
    cost: number,
    now: number,
  ) => Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAt: number }>
  readonly holdBudget: (installation: number, until: number) => Promise<void>
}

/** Every write of an installation costs one token; a wait that GitHub asks for holds everybody's. Reads are free. */
export const budgetOf = (
  budget: Budget,
  installation: Installation,
  clock: Clock,
): NonNullable<ClientOptions['budget']> => ({
  async take() {
    const taken = await budget.takeBudget(await installation.id(), 1, clock.now())
    if (!taken.ok)
      throw new GitHubError('rate_limited', 'the write budget is used up', { retryAt: taken.retryAt })
  },
  async hold(until) {
    await budget.holdBudget(await installation.id(), until)
  },
})
