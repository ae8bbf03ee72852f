import type { LedgerEvent } from '../../../app/audit/event.ts'
import { readRequest } from '../../../app/request/read.ts'
import { accessWorld } from '../../support/memory/access-world.ts'
import { createCrashes } from '../../support/memory/crash.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { isScheduled, openedIn } from '../../support/restatement/opened.ts'
import { standingIn } from '../../support/restatement/standing.ts'
import type { Asked, Truth } from '../../support/restatement/truth.ts'
import { loadRules, policyOf, rulesPath, rulesText } from './rules.ts'

/** Who asked for a revocation, and how many events had been sealed when that was delivered. */
type Heard = { readonly by: number; readonly after: number }

/** A world to play in, and what only GitHub knows of it. */
export const setStage = async (merge: 'auto' | undefined) => {
  const crashes = createCrashes()
  const heard = new Map<number, Heard[]>()
  const world = accessWorld({
    around: (port) => crashes.around(port, namesOf(port)),
    load: loadRules,
    files: { [rulesPath]: rulesText('usual') },
    ...(merge === undefined ? {} : { merge }),
  })
  const { acceptDelivery } = world.store
  world.store.acceptDelivery = async (delivery, wake) => {
    const { pull = 0, event, body } = delivery
    const answer = await acceptDelivery(delivery, wake)
    const said = event === 'issue_comment' ? JSON.parse(new TextDecoder().decode(body)) : undefined
    if (answer === 'new' && said?.action === 'created' && said.body === '/gitsudo revoke') {
      const after = world.ledger.events().length
      heard.set(pull, [...(heard.get(pull) ?? []), { by: said.author.id, after }])
    }
    return answer
  }
  world.hub.git.refs.set('side', world.hub.git.tip('main'))
  // The history before the service came is not its to judge; from here on it is.
  await world.lookAtBranch()
  return {
    world,
    crashes,
    /** The accepted policy commit, and when it took the place of another (epoch ms). */
    accepted: world.hub.git.tip('main'),
    loaded: undefined as number | undefined,
    /** Pull request → when it was opened again. */
    reopened: new Map<number, number>(),
    /** Every request file that was ever on the branch. */
    arrived: new Set<string>(),
    /** Those that changed there, or went. */
    changed: new Set<string>(),
    /** Pull request → who wrote that it be revoked, by id, in a comment as it was first written. */
    revokers: new Map<number, number[]>(),
    /** Pull request → those of them that were delivered. */
    heard,
  }
}
export type Stage = Awaited<ReturnType<typeof setStage>>

/** Events that give. */
export const given: readonly string[] = ['grant.intended', 'grant.scheduled']

const namesOf = <T extends object>(port: T): (keyof T & string)[] =>
  (Object.keys(port) as (keyof T & string)[]).filter(
    (name) => typeof port[name] === 'function' && !untouched.includes(name),
  )
/** What a test asks, not the service. */
const untouched = [
  'take',
  'seal',
  'events',
  'insert',
  'rows',
  'grantRows',
  'requestRows',
  'tamper',
  'tamperRequest',
  'remove',
  'forge',
  'read',
]

/**
 * What the restatement is told of a pull request as it is, at `now` (epoch ms).
 * @param sealed what the ledger held before
 * @param late pushes to its branch after the merge count as well: nobody needs to tell them apart
 */
export const truthOf = async (
  { world, accepted, loaded, reopened, heard }: Stage,
  number: number,
  moment: Truth['moment'],
  now: number,
  late: boolean,
  sealed: readonly LedgerEvent[],
): Promise<Truth> => {
  const { hub, store } = world
  const { git } = hub
  const pull = hub.pulls.get(number)
  if (pull === undefined) throw new Error(`no pull request ${number}`)
  const { mergedAt, mergeCommit } = pull
  const before = hub.stood.get(number)
  const merged =
    mergedAt === undefined || mergeCommit === undefined || before === undefined
      ? undefined
      : { at: mergedAt, commit: mergeCommit, before }
  const stored = await store.deliveriesOfPull(repositoryId, number, ['pull_request_review'])
  const received = new Set(
    stored.valid.flatMap(({ body }) => {
      const said = JSON.parse(new TextDecoder().decode(body))
      return said.action === 'submitted' ? [said.reviewId as number] : []
    }),
  )
  const rules = git.held(accepted).tree.get(rulesPath)
  return {
    now,
    moment,
    repository: {
      branch: 'main',
      providers: ['mock'],
      grantWindow: 3_600_000,
      pendingTtl: 7 * 86_400_000,
      owners: { ids: [1003], count: 1 },
      administrators: [],
    },
    tip: git.tip('main'),
    pull: {
      author: hub.account(pull.author),
      base: pull.base.ref,
      fork: pull.head.repository !== repositoryId,
      draft: pull.draft,
      head: pull.head.sha,
      headAt: Math.max(
        pull.createdAt,
        ...hub.pushes
          .filter(({ ref, to }) => ref === `refs/heads/${pull.head.ref}` && to === pull.head.sha)
          .map(({ at }) => at),
      ),
      reopened: reopened.get(number),
      opened: openedIn(sealed, number, reopened.get(number)),
      merged,
    },
    git: {
      files: (commit) => git.held(commit).tree,
      mode: git.mode,
      history: git.ancestors,
      line: git.line,
      forkPoint: (a, b) => {
        const common = [...git.ancestors(a)].filter((one) => git.reaches(b, one))
        return common.find((one) => common.every((other) => git.reaches(one, other))) ?? ''
      },
      signatories: (commit) => {
        const { author, committer, coAuthors } = git.held(commit)
        return [author, committer, ...coAuthors].map(({ email }) => email)
      },
    },
    asks: (blob) => asks(git.text(blob)),
    reviews: hub.reviews
      .filter((review) => review.pull === number)
      .map((review) => ({
        reviewer: review.reviewer,
        state: review.state === 'PENDING' ? 'COMMENTED' : review.state,
        at: review.submittedAt ?? 0,
        commit: hub.given.get(review.id) ?? '',
        received: received.has(review.id),
      })),
    revokers: (heard.get(number) ?? []).flatMap(({ by, after }) => (after <= sealed.length ? [by] : [])),
    pushers: hub.pushes
      .filter(({ ref, at }) => ref === `refs/heads/${pull.head.ref}` && (late || at <= (mergedAt ?? at)))
      .map(({ by }) => by),
    standing: standingIn(sealed),
    taken: new Set(
      sealed.flatMap(({ type, pull: other, data }) =>
        given.includes(type) && other !== number ? [String(data.path)] : [],
      ),
    ),
    refusals: sealed.flatMap(({ type, pull: other = 0, data, commit = '' }, at) =>
      type === 'grant.refused' &&
      other !== number &&
      (hub.pulls.get(other)?.base.ref ?? 'main') === 'main' &&
      !isScheduled(sealed.slice(0, at), number, data.path)
        ? [{ path: String(data.path), commit }]
        : [],
    ),
    policy: rules === undefined ? undefined : policyOf(git.text(rules)),
    renewed:
      loaded === undefined
        ? undefined
        : {
            at: loaded,
            asked: (path) => {
              const last = sealed.findLast(
                ({ type, pull: of, data }) =>
                  type === 'request.evaluated' &&
                  of === number &&
                  data.path === path &&
                  data.policy_commit !== accepted,
              )
              const text = git.held(String(last?.data.policy_commit ?? accepted)).tree.get(rulesPath)
              return last === undefined || text === undefined ? undefined : policyOf(git.text(text))
            },
          },
    account: hub.named,
    permission: (id) => hub.permission({ id, login: '', type: 'User' }),
  }
}

/** Whatever was asked for in any push, as if it were given: it may have waited, or gone since. */
export const everAsked = ({ world: { hub } }: Stage): Truth['standing'] =>
  hub.pushes
    .flatMap(({ to }) => [...hub.git.held(to).tree])
    .filter(([path]) => path.startsWith('requests/'))
    .flatMap(([, blob]) => asks(hub.git.text(blob)) ?? [])
    .map(({ role }) => ({ person: people.alice.id, path: '', role }))

const asks = (text: string): Asked | undefined => {
  const read = readRequest(new TextEncoder().encode(text), 'requests/2027/01/x.yaml')
  if (!read.ok) return undefined
  const { requester, provider, role, scope, durationSeconds: seconds, startsAt, breakGlass } = read.request
  return { requester, provider, role, scope, seconds, startsAt, breakGlass }
}
