import type { LedgerEvent } from '../../audit/event.ts'
import { decidePolicies } from '../../decision/decide-policies.ts'
import type { Decision, PolicyDecision } from '../../decision/decision.ts'
import { policyDecisionData } from '../../decision/decision-data.ts'
import type { ProposalFacts } from '../../decision/facts.ts'
import { sealMs } from '../../grant/bounds.ts'
import { gitsudo, userActor } from '../../grant/events.ts'
import { writeInstant } from '../../request/instant.ts'
import type { ObserveDeps, Observed } from '../observe/pull.ts'
import { Trouble } from '../observe/trouble.ts'
import { certainPolicyLedger, loadAccepted } from '../policies.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import { basisOf } from '../pull-request/events.ts'
import { cancel, savePull } from '../pull-request/forecast.ts'
import { holdStill } from '../pull-request/hold-still.ts'
import { isOpen } from '../pull-request/rows.ts'
import { transact } from '../transact.ts'

/**
 * The verdict on policies that were merged, from fresh facts; the first complete one is final. What passes is
 * sealed as `policy.accepted` and then loaded; what does not, as `policy.refused`, and the last accepted commit
 * stays in force (trust.md 1.3, 1.4).
 */
export const acceptAtMerge = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  observed: Observed & { readonly proposal: ProposalFacts },
): Promise<Decision> => {
  const { facts, proposal } = observed
  const { decision, staged } = await transact(deps, async (tx, deps) => {
    await deps.store.serialise(tx, `policies:${repository.id}`)
    // One acceptance at a time: the next one is decided against what this one brings.
    const waiting = (await deps.ledger.waiting('policy.accepted')).some(({ repo }) => repo === repository.id)
    const { accepted, verdicts } = await certainPolicyLedger(deps, repository)
    const all = { ...facts, now: deps.clock.now() }
    const made = decidePolicies(all, proposal)
    const said = verdicts.find((one) => one.pull === pull.number)
    const decision = said === undefined ? made : asSealed(made, said)
    if (said === undefined) {
      await holdStill(deps, tx, repository, observed)
      if (waiting || accepted !== proposal.accepted)
        throw new Trouble('the accepted policies changed while this change of them was being decided')
      if (decision.verdict === 'not_yet') throw new Trouble(decision.summary)
    }
    for (const row of await deps.store.requestsOfPull(repository.id, pull.number))
      if (isOpen(row)) await cancel(deps, tx, row, pull)
    await savePull(deps, tx, repository.id, pull, decision)
    // What lies in the commit that the configuration names first was never ours to decide.
    const given = proposal.superseded && accepted === repository.firstAcceptedCommit
    const recorded = said === undefined && forBranch(repository, observed) && !given
    if (!recorded || decision.policies === undefined) return { decision, staged: [] }
    // What newer ones took the place of is nobody's to worry about.
    if (decision.verdict !== 'passed' && !proposal.superseded)
      deps.log.alert('policy.not_accepted', {
        repository: repository.id,
        pull: pull.number,
        commit: pull.mergeCommit,
        mergedBy: pull.mergedBy?.login,
        why: decision.summary,
      })
    const { grounds, evidence } = basisOf({ facts: all, proposal })
    const event = verdictEvent(repository.id, pull, decision, decision.policies, grounds)
    return { decision, staged: [await deps.ledger.stage(tx, deps.keys.sign(event), evidence)] }
  })
  if (staged.length > 0) {
    await deps.ledger.sealed(staged, deps.clock.now() + sealMs)
    if (decision.verdict === 'passed') await loadAccepted(deps, repository)
  }
  return decision
}

/** Rows are a cache: what was sealed is what was decided, whatever the facts say now. */
const asSealed = (
  made: Decision,
  { accepted, why }: { readonly accepted: boolean; readonly why: string },
): Decision => ({ ...made, verdict: accepted ? 'passed' : 'denied', summary: why })

/** One that was merged into the branch has its verdict, also where the branch has lost it again. */
const forBranch = ({ branch }: RepositorySettings, { pull, facts }: Observed): boolean =>
  pull.base.ref === branch || facts.pull.merged?.onBranch === true

const verdictEvent = (
  repository: number,
  pull: PullRequest,
  decision: Decision,
  policies: PolicyDecision,
  grounds: string,
): LedgerEvent => {
  const passed = decision.verdict === 'passed'
  return {
    v: 1,
    type: passed ? 'policy.accepted' : 'policy.refused',
    at: writeInstant(decision.at),
    actor: pull.mergedBy === undefined ? gitsudo : userActor(pull.mergedBy),
    repo: repository,
    pull: pull.number,
    commit: pull.mergeCommit ?? pull.head.sha,
    data: policyDecisionData(decision, policies, grounds),
  }
}
