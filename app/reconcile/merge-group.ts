import type { RequestFacts } from '../decision/facts.ts'
import { decideGroup, type GroupDecision, type GroupFacts } from '../decision/merge-group.ts'
import { readGroupKey, wakeGroup, wakePull } from './key.ts'
import { troubled, untroubled } from './lasting-trouble.ts'
import { type Members, membersOf } from './merge-group/members.ts'
import { type Group, groupsIn } from './merge-group/waiting.ts'
import { genuine } from './observe/deliveries.ts'
import { plainAt } from './observe/plain-at.ts'
import { type ObserveDeps, type Observed, observePull } from './observe/pull.ts'
import { asTrouble, Trouble } from './observe/trouble.ts'
import type { Mirror, Sha } from './ports/git.ts'
import type { PullRequest } from './ports/github.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { PullRow } from './ports/store.ts'
import { sayOnMembers, showGroupCheck } from './publish/group-check.ts'
import { decideOn } from './pull-request/forecast.ts'
import { outlived } from './pull-request/lapse.ts'
import { openSince } from './pull-request/rows.ts'
import { voidUpTo } from './pull-request/void-up-to.ts'

/**
 * Looks at what a merge queue wants to merge together and shows the answer on the group's head (trust.md 6.10b).
 * A forecast like any check: nothing is granted by it, and what is merged is decided anew.
 */
export const createGroupReconciler = (deps: ObserveDeps) => ({
  async look(key: string): Promise<void> {
    const at = readGroupKey(key)
    const repository = deps.settings.repositories.get(at.repository)
    if (repository === undefined) return
    const told = genuine(deps, await deps.store.mergeGroupAt(repository.id, at.ref))
    const [group] = groupsIn(deps, repository, told)
    if (group === undefined) return
    const api = deps.github.repository(repository.id)
    try {
      const decision = await decided(deps, repository, group)
      if (decision === undefined) return
      await showGroupCheck(api, repository.id, decision)
      if (decision.verdict === 'not_yet') throw new Trouble(decision.summary)
      if (decision.verdict !== 'passed') await sayOnMembers(api, repository.id, decision)
      await untroubled(deps, wakeGroup(repository.id, at.ref))
    } catch (error) {
      const why = `merge group ${at.ref} of ${repository.fullName}: ${asTrouble(error).message}`
      await troubled(deps, wakeGroup(repository.id, at.ref), why)
      throw new Error(why, { cause: error })
    }
  },
})

const decided = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  { head, base }: Group,
): Promise<GroupDecision | undefined> => {
  const mirror = deps.git.mirror(repository.id)
  const { tip } = await mirror.fetch([base, head])
  if (await mirror.isAncestor(head, tip)) return undefined
  // One that is missed would make strays of what it brings.
  const open = (await deps.github.repository(repository.id).openPulls('whole')).filter(
    (pull) => pull.base.ref === repository.branch,
  )
  const own = await membersOf(mirror, open, base, head)
  // Groups in front that are not merged yet stand below this one and will be granted first.
  const ahead = (await mirror.isAncestor(base, tip)) ? noMembers : await membersOf(mirror, open, tip, base)
  const front = ahead.pulls.filter(({ number }) => own.pulls.every((pull) => pull.number !== number))
  const observed = new Map<number, Member>()
  for (const pull of [...own.pulls, ...front]) {
    const at = { repository: repository.id, pull: pull.number }
    const shown = await deps.store.pull(at.repository, at.pull)
    const rows = await deps.store.requestsOfPull(at.repository, at.pull)
    const reviewsFrom = await voidUpTo(deps, at, shown, rows)
    const seen = await observePull(deps, repository, pull, 'forecast', reviewsFrom)
    observed.set(pull.number, { ...seen, shown })
  }
  const members: GroupFacts['members'][number][] = []
  for (const pull of own.pulls) members.push(await memberOf(deps, repository, mirror, pull, head, observed))
  const policiesAhead = front.flatMap(({ number }) =>
    observed.get(number)?.proposal === undefined ? [] : [number],
  )
  return decideGroup({ head, members, strays: own.strays, disputed: own.disputed, policiesAhead })
}

/** `shown`: as its own look left it before this one. */
type Member = Observed & { readonly shown: PullRow | undefined }

const noMembers: Members = { pulls: [], strays: [], disputed: [] }

/** One pull request, decided on as if the others in the group and before it were merged already. */
const memberOf = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  mirror: Mirror,
  pull: PullRequest,
  head: Sha,
  observed: ReadonlyMap<number, Member>,
): Promise<GroupFacts['members'][number]> => {
  const own = observed.get(pull.number)
  if (own === undefined) throw new Error(`pull request ${pull.number} was not observed`)
  const beside = [...observed].flatMap(([number, { facts }]) =>
    number === pull.number ? [] : facts.requests,
  )
  const { decision: made } = await decideOn(deps, own, beside)
  const decision = (await isTooOld(deps, own)) ? { ...made, ...tooOld } : made
  const differs: string[] = []
  for (const request of own.facts.requests) {
    if (!(await sameBytes(mirror, head, request))) differs.push(request.path)
  }
  const at = { pull: pull.number, differs }
  const { shown } = own
  const isDecided = shown?.decision.headSha === pull.head.sha && shown.decision.verdict !== 'not_yet'
  if (isDecided && shown.open) return { ...at, decision }
  // Its own look is still to come, and with it the rows by which others see its requests, or that it was reopened.
  await deps.queue.wake([wakePull(repository.id, pull.number)])
  return at
}

const tooOld = {
  verdict: 'denied',
  summary: 'a request has lapsed: it was open longer than pendingTtl',
} as const

/** Nobody may have looked at it since its time was over (trust.md 7.03). */
const isTooOld = async (deps: ObserveDeps, { facts }: Observed): Promise<boolean> => {
  const rows = await deps.store.requestsOfPull(facts.repository.id, facts.pull.number)
  return rows
    .filter((row) => facts.requests.some(({ id }) => id === row.id))
    .some(
      (row) =>
        row.state === 'lapsed' || outlived(deps, openSince(row, facts.pull.reviewsFrom), deps.clock.now()),
    )
}

const sameBytes = async (mirror: Mirror, head: Sha, { path, blob, read }: RequestFacts): Promise<boolean> => {
  // What cannot be read its decision denies, in its own words.
  if (!read.ok) return true
  return (await plainAt(mirror, head, path)) === blob
}
