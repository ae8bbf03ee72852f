import type { Sha } from '../../../app/reconcile/ports/git.ts'
import {
  type Account,
  type ApiComment,
  type ApiReview,
  type CheckRun,
  GitHubError,
  type PullRequest,
  type RepositoryApi,
} from '../../../app/reconcile/ports/github.ts'
import type { WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { Delivery } from '../../../app/reconcile/ports/store.ts'
import type { memoryClock } from './clock.ts'
import { type Files, memoryGit } from './git.ts'
import { memoryAccounts, type Person } from './hub-people.ts'

export const repositoryId = 123_456
export const nameOf = (id: number): string => (id === repositoryId ? 'acme/access' : `acme/access-${id}`)
const zero = '0'.repeat(40)
const signatory = (who: Person) => ({ name: who, email: `${who}@example.com` })

export type Sent = { readonly delivery: Delivery; readonly wake: readonly WakeUp[] }
/** `answer` may throw before GitHub does what it was asked to. */
export type Write = {
  readonly call: string
  readonly pull?: number
  readonly body?: string
  readonly check?: CheckRun
}

/** GitHub with one access repository in memory. Webhooks wait in `sent` until somebody delivers or loses them. */
export const memoryHub = (clock: ReturnType<typeof memoryClock>, id = repositoryId, files: Files = {}) => {
  const git = memoryGit('main')
  const pulls = new Map<number, PullRequest>()
  const reviews: (ApiReview & { readonly pull: number })[] = []
  /** Merged pull request → where its base was before. */
  const stood = new Map<number, Sha>()
  /** Review → the commit it was given for, whatever GitHub shows later. */
  const given = new Map<number, Sha>()
  const { who, now, named, ...accounts } = memoryAccounts()
  const tied = new Map<Sha, number[]>()
  const pushes: { readonly ref: string; readonly by: Account; readonly at: number; readonly to: Sha }[] = []
  const sent: Sent[] = []
  const writes: Write[] = []
  let guids = 0
  /** The pull request whose merge tells of itself. */
  let merging: number | undefined
  let ids = 0
  let answer: (call: string) => void = () => undefined
  const said = new Map<number, ApiComment>()
  const saidAt = new Map<number, number>()
  const comments = new Map<number, { readonly pull: number; readonly body: string }>()
  const checks = new Map<number, CheckRun>()
  const lost = new Map<string, Error>()
  const unaskable = new Set<string>()
  const reopened = new Map<number, number>()
  const requested = new Map<number, Set<string>>()

  const send = (
    event: string,
    body: object,
    about: { pull?: number; ref?: string },
    wake: readonly WakeUp[],
  ) => {
    const delivery = {
      guid: `guid-${id}-${++guids}`,
      event,
      body: new TextEncoder().encode(JSON.stringify({ event, ...body })),
      receivedAt: clock.now(),
      repository: id,
      ...about,
    }
    sent.push({ delivery, wake })
    const pull = about.pull === undefined ? undefined : pulls.get(about.pull)
    if (pull !== undefined) pulls.set(pull.number, { ...pull, updatedAt: clock.now() })
  }
  const wakePull = (pull: number): WakeUp => ({ queue: 'pull-request', key: `${id}:${pull}` })
  const wakeBranch: WakeUp = { queue: 'branch', key: String(id) }
  const get = (number: number): PullRequest => {
    const found = pulls.get(number)
    if (found === undefined) throw new GitHubError('not_found', `no pull request ${number}`)
    return found
  }
  const change = (number: number, action: string, by: Person, to: Partial<PullRequest> = {}) => {
    const pull = { ...get(number), ...to }
    pulls.set(number, pull)
    const base = { ref: pull.base.ref, sha: git.tip(pull.base.ref) }
    const body = { action, number, headSha: pull.head.sha, base, sender: who(by), updatedAt: clock.now() }
    send('pull_request', body, { pull: number }, [wakePull(number), ...(pull.merged ? [wakeBranch] : [])])
  }
  const move = (name: string, to: Sha, by: Person) => {
    const ref = `refs/heads/${name}`
    const before = git.refs.get(name) ?? zero
    git.refs.set(name, to)
    pushes.push({ ref, by: who(by), at: clock.now(), to })
    send('push', { ref, before, after: to, sender: who(by) }, { ref }, name === 'main' ? [wakeBranch] : [])
    for (const { number, state, head } of pulls.values()) {
      if (state !== 'open' || head.ref !== name) continue
      // As on GitHub: a review of a commit that the pull request has lost is shown as one of its new head.
      for (const [index, review] of reviews.entries()) {
        const lost = review.commit !== undefined && !git.reaches(to, review.commit)
        if (review.pull === number && lost) reviews[index] = { ...review, commit: to }
      }
      change(number, 'synchronize', by, { head: { ...head, sha: to } })
      // A branch that is set back to what its base holds has nothing left to merge.
      if (git.reaches(git.tip(get(number).base.ref), to)) change(number, 'closed', by, { state: 'closed' })
    }
    // And a pull request whose head its base now holds is merged, however that came about.
    for (const { number, state, base, head } of pulls.values()) {
      if (state !== 'open' || base.ref !== name || merging === number || !git.reaches(to, head.sha)) continue
      tie(number, to, before)
      stood.set(number, before)
      change(number, 'closed', by, marked(to, by))
    }
  }
  const marked = (mergeCommit: Sha, by: Person) =>
    ({ state: 'closed', merged: true, mergedAt: clock.now(), mergeCommit, mergedBy: who(by) }) as const
  /** As GitHub does with whatever of a head the base did not hold, and with what brought it there. */
  const tie = (number: number, to: Sha, before: Sha) => {
    const brought = git.reaches(to, before) ? [...git.ancestors(get(number).head.sha)] : []
    for (const commit of [to, ...brought.filter((one) => !git.reaches(before, one))])
      tied.set(commit, [...new Set([...(tied.get(commit) ?? []), number])])
  }
  const wrote = (write: Write): void => {
    answer(write.call)
    writes.push(write)
  }

  /** What was just made, unless the answer is lost. */
  const made = (call: string): number => {
    const error = lost.get(call)
    lost.delete(call)
    if (error !== undefined) throw error
    return ids
  }

  git.refs.set('main', git.commit([], { 'README.md': 'access', ...files }, signatory('carol')))

  const seen = (pull: PullRequest): PullRequest => ({
    ...pull,
    author: now(pull.author),
    ...(pull.mergedBy === undefined ? {} : { mergedBy: now(pull.mergedBy) }),
  })

  const api: RepositoryApi = {
    identity: async () => ({ id, fullName: nameOf(id) }),
    pull: async (number) => {
      answer('pull')
      return seen(get(number))
    },
    openPulls: async () => {
      answer('openPulls')
      return [...pulls.values()].filter(({ state }) => state === 'open').map(seen)
    },
    pullsOf: async (commit) => {
      answer('pullsOf')
      return (tied.get(commit) ?? []).map((number) => seen(get(number)))
    },
    reviews: async (number) => {
      answer('reviews')
      return reviews
        .filter(({ pull }) => pull === number)
        .map(({ pull: _, reviewer, ...review }) => ({
          ...review,
          ...(reviewer === undefined ? {} : { reviewer: now(reviewer) }),
        }))
    },
    reopenedAt: async (number) => {
      answer('reopenedAt')
      return reopened.get(number)
    },
    permission: async (login) => {
      answer('permission')
      const account = named(login)
      return account && { account, permission: accounts.permission(account) }
    },
    account: async (login) => named(login),
    teamMembers: async () => undefined,
    pushers: async (ref) => {
      answer('pushers')
      return pushes.filter((one) => one.ref === ref && one.to !== zero).map(({ by }) => now(by))
    },
    commit: async () => ({ verified: false }),
    requiredCheck: async () => 'ours',
    createCheck: async (check) => {
      wrote({ call: 'createCheck', check })
      checks.set(++ids, check)
      return made('createCheck')
    },
    updateCheck: async (id, check) => {
      wrote({ call: 'updateCheck', check })
      checks.set(id, check)
    },
    findCheck: async (sha, externalId) => {
      answer('findCheck')
      return [...checks].find(([, check]) => check.headSha === sha && check.externalId === externalId)?.[0]
    },
    createComment: async (pull, body) => {
      wrote({ call: 'createComment', pull, body })
      comments.set(++ids, { pull, body })
      return made('createComment')
    },
    editComment: async (id, body) => {
      wrote({ call: 'editComment', body })
      const known = comments.get(id)
      if (known === undefined) throw new GitHubError('not_found', `no comment ${id}`)
      comments.set(id, { ...known, body })
    },
    findComment: async (number, mark) => {
      answer('findComment')
      return [...comments].find(([, { pull, body }]) => pull === number && body.includes(mark))?.[0]
    },
    commentsSince: async (since) => {
      answer('commentsSince')
      return [...said.values()].filter(({ id }) => (saidAt.get(id) ?? 0) >= since)
    },
    requestedReviewers: async (pull) => {
      answer('requestedReviewers')
      return { users: [...(requested.get(pull) ?? [])], teams: [] }
    },
    askReviewers: async (pull, ask) => {
      wrote({ call: 'askReviewers', pull, body: [...ask.users, ...ask.teams].join() })
      const refused = ask.users.filter((login) => unaskable.has(login))
      const taken = ask.users.filter((login) => !unaskable.has(login))
      requested.set(pull, new Set([...(requested.get(pull) ?? []), ...taken]))
      made('askReviewers')
      return { users: refused, teams: [] }
    },
    merge: async (number, head) => {
      wrote({ call: 'merge', pull: number })
      const pull = get(number)
      if (pull.state === 'closed') throw new GitHubError('not_mergeable', 'it is closed')
      if (pull.draft) throw new GitHubError('not_mergeable', 'it is a draft')
      if (pull.head.sha !== head) throw new GitHubError('conflict', 'the head moved')
      await hub.merge(number, 'carol')
    },
    close: async (number) => {
      wrote({ call: 'close', pull: number })
      if (get(number).state === 'open') change(number, 'closed', 'carol', { state: 'closed' })
    },
  }

  const hub = {
    api,
    git,
    sent,
    writes,
    pulls,
    reviews,
    pushes,
    given,
    stood,
    who,
    account: now,
    named,
    ...accounts,
    comments,
    checks,
    /** Logins that GitHub does not let be asked to review. */
    unaskable,
    /** GitHub does what it is asked to, once, and whoever asked dies of `error` before the answer. */
    loseAnswer: (call: 'createCheck' | 'createComment' | 'askReviewers', error: Error) =>
      lost.set(call, error),
    /** What GitHub does with each call before it answers: throws, or nothing. */
    meet(does: (call: string) => void): void {
      answer = does
    },
    push(name: string, files: Files, by: Person, from = git.refs.get(name) ?? git.tip('main')): Sha {
      const commit = git.commit([from], files, signatory(by))
      move(name, commit, by)
      return commit
    },
    move,
    open(
      name: string,
      by: Person,
      more: { readonly base?: string; readonly fork?: boolean; readonly draft?: boolean } = {},
    ): number {
      const { base = 'main', fork = false, draft = false } = more
      const number = pulls.size + 1
      pulls.set(number, {
        number,
        state: 'open',
        merged: false,
        draft,
        author: who(by),
        base: { ref: base, repository: id },
        head: { ref: name, sha: git.tip(name), repository: fork ? id + 1 : id },
        createdAt: clock.now(),
        updatedAt: clock.now(),
        nodeId: `PR_${number}`,
      })
      change(number, 'opened', by)
      return number
    },
    review(
      number: number,
      by: Person,
      state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' = 'APPROVED',
    ): number {
      const reviewId = ++ids
      requested.get(number)?.delete(by)
      const commit = get(number).head.sha
      const submittedAt = clock.now()
      reviews.push({ id: reviewId, pull: number, reviewer: who(by), state, commit, submittedAt })
      given.set(reviewId, commit)
      const body = {
        action: 'submitted',
        reviewId,
        commit,
        state: state.toLowerCase(),
        reviewer: who(by),
        submittedAt,
      }
      send('pull_request_review', body, { pull: number }, [wakePull(number)])
      return reviewId
    },
    dismiss(reviewId: number): void {
      const at = reviews.findIndex(({ id }) => id === reviewId)
      const found = reviews[at]
      if (found === undefined) return
      reviews[at] = { ...found, state: 'DISMISSED' }
      const body = {
        action: 'dismissed',
        reviewId,
        commit: found.commit,
        state: 'dismissed',
        reviewer: found.reviewer,
        submittedAt: found.submittedAt,
      }
      send('pull_request_review', body, { pull: found.pull }, [wakePull(found.pull)])
    },
    /** @param edits the comment whose text this is now */
    comment(number: number, by: Person, text: string, edits?: number): number {
      const commentId = edits ?? ++ids
      saidAt.set(commentId, clock.now())
      said.set(commentId, {
        id: commentId,
        pull: number,
        author: who(by),
        body: text,
        edited: edits !== undefined,
      })
      const action = edits === undefined ? 'created' : 'edited'
      const body = { action, commentId, body: text, author: who(by), createdAt: clock.now() }
      send('issue_comment', body, { pull: number }, [wakePull(number)])
      return commentId
    },
    retarget: (number: number, base: string, by: Person) =>
      change(number, 'edited', by, { base: { ...get(number).base, ref: base } }),
    draft: (number: number, draft: boolean, by: Person) =>
      change(number, draft ? 'converted_to_draft' : 'ready_for_review', by, { draft }),
    /** Into the branch's merge queue, as far as anybody is told: nothing here takes it out again. */
    enqueue: (number: number, by: Person) => change(number, 'enqueued', by),
    close: (number: number, by: Person) => change(number, 'closed', by, { state: 'closed' }),
    /** Opens it again, at its branch's present head. */
    reopen(number: number, by: Person): void {
      const { head } = get(number)
      reopened.set(number, clock.now())
      change(number, 'reopened', by, { state: 'open', head: { ...head, sha: git.tip(head.ref) } })
    },
    /**
     * Merges whatever the check says; `rebase` makes one new commit for each of the branch's.
     * @param stowaways files that only the merge commit brings, as one made by hand may
     */
    async merge(
      number: number,
      by: Person,
      how: 'merge' | 'squash' | 'rebase' = 'merge',
      stowaways: Files = {},
    ): Promise<Sha> {
      const { head, base: into } = get(number)
      const main = git.tip(into.ref)
      const base = await git.mirror.mergeBase(main, head.sha)
      let merged = main
      if (how === 'rebase') {
        for (const { sha, parents } of [...(await git.mirror.commits(base ?? main, head.sha))].reverse()) {
          merged = git.commit([merged], await git.patch(parents[0] ?? main, sha), signatory('alice'))
          tied.set(merged, [number])
        }
      } else {
        const parents = how === 'merge' ? [main, head.sha] : [main]
        const files = { ...(await git.patch(main, head.sha)), ...stowaways }
        merged = git.commit(parents, files, signatory('alice'))
        tie(number, merged, main)
      }
      merging = number
      stood.set(number, main)
      move(into.ref, merged, by)
      merging = undefined
      change(number, 'closed', by, marked(merged, by))
      return merged
    },
    /** Somebody moves the branch to the head by hand; GitHub marks the pull request merged. */
    pushHead(number: number, by: Person): void {
      const { head } = get(number)
      for (let at = head.sha; at !== git.tip('main'); ) {
        tied.set(at, [number])
        const [parent] = git.parents(at)
        if (parent === undefined) break
        at = parent
      }
      merging = number
      stood.set(number, git.tip('main'))
      move('main', head.sha, by)
      merging = undefined
      change(number, 'closed', by, marked(head.sha, by))
    },
  }
  return hub
}
