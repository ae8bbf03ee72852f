import type { Role } from '../../../app/sandbox/github/state/account.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import type { Person } from '../../support/memory/hub-people.ts'
import type { Account, Review } from '../../support/restatement/truth.ts'
import type { Needs } from './rules.ts'
import type { Stage } from './stage.ts'

/** Who plays the model's people. Erin owns the policies. */
export const actors = {
  alice: 'alice',
  bob: 'bob',
  carol: 'carol',
  mallory: 'frank',
  robot: 'dave',
} as const satisfies Record<Person, Login>
const ids: Readonly<Record<Login, number>> = {
  alice: 1001,
  bob: 1002,
  carol: 1003,
  dave: 1004,
  erin: 1005,
  frank: 1006,
}
export const accountOf = (who: Login): Account => ({ id: ids[who], login: who, type: 'User' })

export type Pull = {
  readonly number: number
  readonly author: Login
  readonly branch: string
  readonly openedAt: number
  readonly state: 'open' | 'closed'
  readonly base: string
  readonly draft: boolean
  readonly head: string
  readonly reopened?: number
  readonly merged?: { readonly at: number; readonly commit: string; readonly before: string }
}
type Given = Omit<Review, 'received'> & { readonly id: number; readonly pull: number }

/** How GitHub stands between two happenings. */
export type Snapshot = {
  readonly tip: string
  readonly pulls: readonly Pull[]
  readonly reviews: readonly Given[]
  readonly pushes: readonly {
    readonly branch: string
    readonly by: Login
    readonly at: number
    readonly to: string
  }[]
  readonly permissions: Readonly<Partial<Record<Login, string>>>
  /** Logins that somebody else has now → whose. */
  readonly reused: Readonly<Partial<Record<string, number>>>
}

type Listed = {
  readonly number: number
  readonly state: 'open' | 'closed'
  readonly draft: boolean
  readonly merged_at: string | null
  readonly merge_commit_sha: string | null
  readonly base: { readonly ref: string }
  readonly head: { readonly sha: string }
}

/** What happens in one sequence, as whoever does it knows it; what became of pull requests is asked of GitHub. */
export const createRecord = (stage: Stage, slug: string, needs: Needs) => {
  const { t, commits } = stage
  const { admin } = t.github
  const call = (who: Login, method: string, path: string, body?: unknown) =>
    t.people[who].api(method, `/repos/${t.repository.fullName}${path}`, body)
  const left = (who: Login) => `${who}-left`
  const revokers = new Map<number, number[]>()
  let pulls: readonly Pull[] = []
  let reviews: readonly Given[] = []
  let pushes: Snapshot['pushes'] = []
  let permissions: Snapshot['permissions'] = {}
  let reused: Snapshot['reused'] = {}
  let tips = new Map<string, string>()
  const snapshots: Snapshot[] = []
  return {
    slug,
    needs,
    path: (file: string) => `requests/2026/12/${slug}-${file}.yaml`,
    branch: (name: string) => (name === 'main' ? name : `${slug}/${name}`),
    /** Each pull request's ids of people who had a grant revoked by a comment as it was written. */
    revokers,
    /** Since everything had been looked at the last time. */
    snapshots,
    pulls: () => pulls,
    call,
    pushed: (branch: string, by: Login, to: string) => {
      pushes = [...pushes, { branch, by, to, at: t.clock.now() }]
    },
    /** Where a branch was before it came to where it is. */
    was: (branch: string) =>
      pushes.findLast((one) => one.branch === branch && one.to !== commits.tip(branch))?.to,
    async open(
      by: Login,
      order: { readonly head: string; readonly base: string; readonly draft: boolean },
    ): Promise<Pull | undefined> {
      const answer = await call(by, 'POST', '/pulls', { title: 'Access', ...order })
      if (answer.status !== 201) return undefined
      const { number, head } = answer.body as { number: number; head: { sha: string } }
      const { base, draft } = order
      const at = t.clock.now()
      const pull: Pull = {
        number,
        author: by,
        branch: order.head,
        openedAt: at,
        state: 'open',
        base,
        draft,
        head: head.sha,
      }
      pulls = [...pulls, pull]
      return pull
    },
    async reopen(number: number): Promise<void> {
      const { status } = await call('alice', 'PATCH', `/pulls/${number}`, { state: 'open' })
      const at = t.clock.now()
      if (status === 200) pulls = pulls.map((one) => (one.number === number ? { ...one, reopened: at } : one))
    },
    async review(
      pull: Pull,
      by: Login,
      state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED',
    ): Promise<void> {
      const event = { APPROVED: 'APPROVE', CHANGES_REQUESTED: 'REQUEST_CHANGES', COMMENTED: 'COMMENT' }[state]
      const { status, body } = await call(by, 'POST', `/pulls/${pull.number}/reviews`, { event, body: 'So.' })
      if (status !== 200) return
      const { id } = body as { id: number }
      const said = { id, pull: pull.number, state, at: t.clock.now(), commit: pull.head }
      reviews = [...reviews, { ...said, reviewer: accountOf(by) }]
    },
    async dismiss(nth: number): Promise<void> {
      const one = reviews[nth]
      if (one === undefined) return
      const path = `/pulls/${one.pull}/reviews/${one.id}/dismissals`
      const { status } = await call('erin', 'PUT', path, { message: 'No.' })
      if (status === 200)
        reviews = reviews.map((other) => (other === one ? { ...other, state: 'DISMISSED' } : other))
    },
    /** By an administrator, past every check that is red. */
    merge: (number: number, how: 'merge' | 'squash' | 'rebase') =>
      call('erin', 'PUT', `/pulls/${number}/merge`, { merge_method: how }),
    async comment(pull: number, by: Login, edited: boolean): Promise<void> {
      const body = '/gitsudo revoke'
      const said = await call(by, 'POST', `/issues/${pull}/comments`, { body: edited ? 'hello' : body })
      if (said.status !== 201) return
      const { id } = said.body as { id: number }
      if (edited) await call(by, 'PATCH', `/issues/comments/${id}`, { body })
      else revokers.set(pull, [...(revokers.get(pull) ?? []), accountOf(by).id])
    },
    allow(who: Login, role: Role): void {
      admin.setPermission(t.repository.fullName, reused[who] === undefined ? who : left(who), role)
      permissions = { ...permissions, [who]: role }
    },
    /** Somebody leaves a login, and somebody else takes it. */
    reuse(who: Login): void {
      if (reused[who] !== undefined) return
      admin.renameUser(who, left(who))
      reused = { ...reused, [who]: admin.createUser({ login: who }).id }
    },
    /** Everybody is again who they were, and may what they might. */
    restorePeople(): void {
      for (const who of Object.keys(reused) as Login[]) {
        admin.removeUser(who)
        admin.renameUser(left(who), who)
      }
      reused = {}
      for (const who of Object.keys(permissions) as Login[]) this.allow(who, 'write')
      permissions = {}
    },
    /** Asks GitHub how things stand now. */
    async look(): Promise<void> {
      const listed = await t.api<readonly Listed[]>('GET', '/pulls?state=all&per_page=100')
      pulls = pulls.map((pull) => {
        const now = listed.find(({ number }) => number === pull.number)
        if (now === undefined) throw new Error(`no pull request ${pull.number}`)
        const merged =
          pull.merged ??
          (now.merged_at === null || now.merge_commit_sha === null
            ? undefined
            : {
                at: Date.parse(now.merged_at),
                commit: now.merge_commit_sha,
                before: tips.get(now.base.ref) ?? '',
              })
        return {
          ...pull,
          state: now.state,
          base: now.base.ref,
          draft: now.draft,
          head: now.head.sha,
          ...(merged === undefined ? {} : { merged }),
        }
      })
      const tip = commits.tip('main') ?? ''
      const side = `${slug}/side`
      tips = new Map([
        ['main', tip],
        [side, commits.tip(side) ?? ''],
      ])
      snapshots.push({ tip, pulls, reviews, pushes, permissions, reused })
    },
    /** All that was is past: only how it stands counts from here on. */
    forget(): void {
      snapshots.splice(0, snapshots.length - 1)
    },
  }
}
export type Play = ReturnType<typeof createRecord>
