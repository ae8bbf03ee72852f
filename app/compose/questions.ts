import { evalPolicies } from '../policy/eval.ts'
import { createPolicySet, type LoadedPolicySet } from '../policy/policy-set.ts'
import type { EvaluatorPool } from '../policy/pool.ts'
import { policiesOff } from '../reconcile/overrides.ts'
import type { ServerDeps } from '../server/deps.ts'

/**
 * Answers what people ask accepted policies, with what is off left out.
 * @param pool its own: no verdict stands in line behind these
 */
export const questions =
  (
    deps: Parameters<typeof policiesOff>[0],
    accepted: (repository: number) => Promise<LoadedPolicySet>,
    pool: EvaluatorPool,
  ): ServerDeps['evaluate'] =>
  async ({ repository, type, input }) => {
    const { byHand, overridden } = await policiesOff(deps, repository)
    const { commit, directory, loaded, data } = await accepted(repository)
    const without = (names: readonly string[]) => {
      const on = loaded.filter(({ source }) => !names.includes(source.name))
      return evalPolicies(createPolicySet(commit, directory, on, pool, data), type, input, deps.clock.now())
    }
    // What was disabled by hand opens nothing: both must allow (trust.md 5.4).
    const off = overridden.map(({ policy }) => policy)
    const answer = await without(off)
    return byHand.length === 0 || !answer.allowed ? answer : without([...off, ...byHand])
  }
