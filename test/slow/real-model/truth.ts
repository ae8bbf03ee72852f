import type { LedgerEvent } from '../../../app/audit/event.ts'
import { readRequest } from '../../../app/request/read.ts'
import { isScheduled, openedIn } from '../../support/restatement/opened.ts'
import { standingIn } from '../../support/restatement/standing.ts'
import type { Asked, Truth } from '../../support/restatement/truth.ts'
import { accountOf, type Play, type Snapshot } from './record.ts'
import { type Data, policyOf } from './rules.ts'
import type { Stage } from './stage.ts'

export const given: readonly string[] = ['grant.intended', 'grant.scheduled']

/** What the restatement is told of a pull request as it stood, at `now` (epoch ms). */
export const truthOf = (
  { commits, policy, t }: Stage,
  { needs }: Play,
  { tip, pulls, reviews, pushes, permissions, reused }: Snapshot,
  number: number,
  moment: Truth['moment'],
  now: number,
  /** Reviews whose signed payload has been received. */
  received: ReadonlySet<number>,
  before: readonly LedgerEvent[],
  /** Who had written that it be revoked, where that was received before this verdict. */
  revokers: readonly number[],
): Truth | undefined => {
  const pull = pulls.find((one) => one.number === number)
  if (pull === undefined) return undefined
  const { id } = accountOf(pull.author)
  const at = (commit: string) => policyOf(dataAt(commits, commit), needs, id)
  const own = pushes.filter(({ branch }) => branch === pull.branch)
  return {
    now,
    moment,
    repository: {
      branch: 'main',
      providers: ['mock'],
      grantWindow: 3_600_000,
      pendingTtl: 7 * 86_400_000,
      owners: { ids: [accountOf('erin').id], count: 1 },
      administrators: [accountOf('erin').id],
    },
    tip,
    pull: {
      author: accountOf(pull.author),
      base: pull.base,
      fork: false,
      draft: pull.draft,
      head: pull.head,
      headAt: Math.max(pull.openedAt, ...own.filter(({ to }) => to === pull.head).map((push) => push.at)),
      reopened: pull.reopened,
      opened: openedIn(before, number, pull.reopened),
      merged: pull.merged,
    },
    git: commits,
    asks: (blob) => asked(blob === '' ? '' : commits.text(blob)),
    reviews: reviews
      .filter((review) => review.pull === number)
      .map((review) => ({ ...review, received: received.has(review.id) })),
    revokers,
    pushers: own
      .filter((push) => push.at <= (pull.merged?.at ?? push.at) + 999)
      .map(({ by }) => accountOf(by)),
    standing: standingIn(before),
    taken: new Set(
      before.flatMap(({ type, pull: other, data }) =>
        given.includes(type) && other !== number ? [String(data.path)] : [],
      ),
    ),
    refusals: before.flatMap(({ type, pull: other = 0, data, commit = '' }, nth) => {
      const base = pulls.find((one) => one.number === other)?.base ?? 'main'
      const late = isScheduled(before.slice(0, nth), number, data.path)
      return type === 'grant.refused' && other !== number && base === 'main' && !late
        ? [{ path: String(data.path), commit }]
        : []
    }),
    policy: at(policy.accepted),
    renewed:
      policy.loaded === undefined
        ? undefined
        : {
            at: policy.loaded,
            asked: (path) => {
              const last = before.findLast(
                ({ type, pull: of, data }) =>
                  type === 'request.evaluated' &&
                  of === number &&
                  data.path === path &&
                  data.policy_commit !== policy.accepted,
              )
              return last === undefined ? undefined : at(String(last.data.policy_commit))
            },
          },
    account: (login) => {
      const other = reused[login]
      if (other !== undefined) return { id: other, login, type: 'User' }
      return login in t.people ? accountOf(login as keyof typeof t.people) : undefined
    },
    permission: (who) =>
      Object.entries(permissions).find(
        ([login]) => accountOf(login as keyof typeof t.people).id === who,
      )?.[1] ?? (who === accountOf('erin').id ? 'admin' : 'write'),
  }
}

export const dataAt = (commits: Stage['commits'], commit: string): Data => {
  const text = (name: string) => commits.text(commits.files(commit).get(`policies/data/${name}.yaml`) ?? '')
  return { groups: text('groups'), identities: text('identities'), roles: text('roles') }
}

/** Whatever was asked for in any push of a sequence, as if it were given: it may have waited, or gone since. */
export const everAsked = ({ commits }: Stage, { slug }: Play, { pushes }: Snapshot): Truth['standing'] =>
  pushes
    .flatMap(({ to }) => [...commits.files(to)])
    .filter(([path]) => path.includes(`/${slug}-`))
    .flatMap(([, blob]) => asked(commits.text(blob)) ?? [])
    .map(({ role }) => ({ person: accountOf('alice').id, path: '', role }))

const asked = (text: string): Asked | undefined => {
  const read = readRequest(new TextEncoder().encode(text), 'requests/2026/12/x.yaml')
  if (!read.ok) return undefined
  const { requester, provider, role, scope, durationSeconds: seconds, startsAt, breakGlass } = read.request
  return { requester, provider, role, scope, seconds, startsAt, breakGlass }
}
