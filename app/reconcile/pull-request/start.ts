import { decisionData } from '../../decision/decision-data.ts'
import { sealMs } from '../../grant/bounds.ts'
import { refuseGrant, startGrant } from '../grant/open.ts'
import { type ObserveDeps, observePull } from '../observe/pull.ts'
import { Trouble } from '../observe/trouble.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow } from '../ports/store.ts'
import { transact } from '../transact.ts'
import { evaluatedEvent, subjectOf } from './events.ts'
import { decideOn, savePull } from './forecast.ts'
import { stillAccepted } from './hold-still.ts'
import { intentOf } from './intent-of.ts'

/** Scheduled grants whose start has come get a second, full verdict (trust.md 3.7); only then an intent. */
export const startDue = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  rows: readonly RequestRow[],
  ask: () => Promise<PullRequest>,
): Promise<void> => {
  for (const row of rows) {
    const [grant, { open }] = [await deps.store.grant(row.id), await deps.ledger.standing()]
    const { intent, stage, blocked } = open.get(row.id) ?? {}
    if (grant?.state !== 'scheduled' || intent === undefined || stage !== 'scheduled' || blocked) continue
    if (intent.startsAt > deps.clock.now()) continue
    const pull = await ask()
    if (!pull.merged) throw new Trouble('GitHub said that it was merged, and now says that it is not')
    const observed = await observePull(deps, repository, pull, 'start', row.reviewsFrom)
    const one = {
      ...observed,
      facts: { ...observed.facts, requests: observed.facts.requests.filter(({ id }) => id === row.id) },
    }
    const staged = await transact(deps, async (tx, deps) => {
      await deps.store.serialise(tx, `person:${intent.requester.id}`)
      await stillAccepted(deps, repository, one)
      const { decision, requests, basis } = await decideOn(deps, one)
      if (decision.verdict === 'not_yet') throw new Trouble(decision.summary)
      const [facts] = requests
      const known = (await deps.store.pull(repository.id, pull.number))?.decision.requests ?? []
      const [verdict] = decision.requests
      const all = known.map((old) => (old.id === verdict?.id ? verdict : old))
      await savePull(deps, tx, repository.id, pull, { ...decision, requests: all })
      if (verdict !== undefined) {
        const of = subjectOf(row.id, repository.id, pull)
        const data = decisionData(decision, verdict, facts, basis.grounds)
        await deps.ledger.stage(tx, evaluatedEvent(deps.keys, decision.at, of, data, basis), basis.evidence)
      }
      if (decision.verdict !== 'passed' || facts === undefined || verdict === undefined)
        return refuseGrant(tx, deps, row.id, decision.summary)
      return startGrant(tx, deps, {
        ...intentOf(repository, pull, facts, verdict, deps.settings, decision.at),
        startsAt: decision.at,
      })
    })
    await deps.ledger.sealed([staged], deps.clock.now() + sealMs)
  }
}
