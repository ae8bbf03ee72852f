import type { Clock } from '../../reconcile/ports/clock.ts'
import type { PolicyTrial, PolicyTrialReport } from '../../reconcile/ports/policy-trial.ts'

const keptMs = 10 * 60_000

/**
 * Tries the same two commits once in ten minutes: webhooks come in bursts, and what compiles and what the tests say
 * follows from the commits alone. Failures are not remembered.
 */
export const rememberTrials = (trial: PolicyTrial, clock: Clock): PolicyTrial => {
  const known = new Map<string, { readonly at: number; readonly report: Promise<PolicyTrialReport> }>()
  return {
    trial(request, signal) {
      const now = clock.now()
      for (const [key, { at }] of known) if (now - at >= keptMs) known.delete(key)
      const key = `${request.repository} ${request.head} ${request.accepted}`
      const before = known.get(key)
      if (before !== undefined) return before.report
      const report = trial.trial(request, signal)
      known.set(key, { at: now, report })
      report.catch(() => known.delete(key))
      return report
    },
  }
}
