import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sha } from '../../../app/reconcile/ports/git.ts'
import type { Permission, RepositoryApi } from '../../../app/reconcile/ports/github.ts'
import type { Payloads } from '../../../app/reconcile/ports/payload.ts'
import type { Delivery } from '../../../app/reconcile/ports/store.ts'

export type Name = 'alice' | 'bob' | 'carol'

/** What people do on GitHub, by whatever way; branches begin at `main`. */
export type Acts = {
  id(name: Name): number
  /** One more commit on the branch, which changes one file; forced, on top of `main` instead. */
  push(by: Name, branch: string, text: string, force?: boolean): Promise<Sha>
  /** Points a branch at a commit. */
  point(by: Name, branch: string, to: Sha): Promise<void>
  open(by: Name, branch: string): Promise<number>
  review(by: Name, pull: number, state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED'): Promise<number>
  dismiss(pull: number, review: number): Promise<void>
  close(by: Name, pull: number): Promise<void>
  reopen(by: Name, pull: number): Promise<void>
  retarget(by: Name, pull: number, base: string): Promise<void>
  draft(by: Name, pull: number, draft: boolean): Promise<void>
  merge(by: Name, pull: number, how: 'merge' | 'squash' | 'rebase'): Promise<Sha>
  /** @param edits the comment that says so now */
  comment(by: Name, pull: number, text: string, edits?: number): Promise<number>
  allow(name: Name, permission: Permission): Promise<void>
  /** The account gets another login, and a new account takes the old one; the new one's id. */
  reuse(name: Name): Promise<number>
}

export type GitHubUnderTest = {
  readonly repository: number
  readonly api: RepositoryApi
  readonly acts: Acts
  readonly payloads: Payloads
  /** GitHub's clock, epoch ms. */
  now(): number
  /** Everything delivered so far, oldest first. */
  deliveries(): Promise<readonly Delivery[]>
  close(): Promise<void>
}

/**
 * What the reconcilers rely on of GitHub: held to by the adapter over HTTP, and by the hub in memory that the models
 * play on.
 */
export const describeGitHub = (name: string, setUp: () => Promise<GitHubUnderTest>): void => {
  describe(`GitHub, ${name}`, () => {
    let hub: GitHubUnderTest
    let branches = 0
    beforeAll(async () => {
      hub = await setUp()
    })
    afterAll(() => hub.close())

    const proposed = async (by: Name = 'alice') => {
      const branch = `branch-${++branches}`
      const head = await hub.acts.push(by, branch, 'one')
      return { branch, head, number: await hub.acts.open(by, branch) }
    }
    const told = async <T>(reader: (body: Uint8Array) => T | undefined, pull?: number): Promise<T[]> =>
      (await hub.deliveries())
        .filter((one) => one.repository === hub.repository && (pull === undefined || one.pull === pull))
        .flatMap(({ body }) => reader(body) ?? [])

    test('a pull request opened, pushed to, closed and opened again at its present head', async () => {
      const { acts, api, payloads, repository } = hub
      const { branch, head, number } = await proposed()
      expect(await api.pull(number)).toMatchObject({
        number,
        state: 'open',
        merged: false,
        draft: false,
        author: { id: acts.id('alice'), type: 'User' },
        base: { ref: 'main', repository },
        head: { ref: branch, sha: head, repository },
      })
      const second = await acts.push('bob', branch, 'two')
      expect((await api.pull(number)).head.sha).toBe(second)
      await acts.close('alice', number)
      expect(await api.pull(number)).toMatchObject({ state: 'closed', merged: false })
      expect((await api.openPulls()).map((one) => one.number)).not.toContain(number)
      const third = await acts.push('alice', branch, 'three')
      expect((await api.pull(number)).head.sha).toBe(second)
      expect(await api.reopenedAt(number)).toBeUndefined()
      await acts.reopen('alice', number)
      expect(await api.pull(number)).toMatchObject({ state: 'open', head: { sha: third } })
      expect((await api.openPulls()).map((one) => one.number)).toContain(number)

      const changes = await told(payloads.pullRequest, number)
      expect(changes.map(({ action, headSha, sender }) => [action, headSha, sender.id])).toEqual([
        ['opened', head, acts.id('alice')],
        ['synchronize', second, acts.id('bob')],
        ['closed', second, acts.id('alice')],
        ['reopened', third, acts.id('alice')],
      ])
      expect(await api.reopenedAt(number)).toBe(changes.at(-1)?.updatedAt)
      const pushes = (await told(payloads.push)).filter(({ ref }) => ref === `refs/heads/${branch}`)
      // A new branch may be made and then pushed to, or come with its first commit.
      expect(pushes.at(0)?.before).toBe('0'.repeat(40))
      expect(pushes.slice(-2).map(({ before, after, sender }) => [before, after, sender?.id])).toEqual([
        [head, second, acts.id('bob')],
        [second, third, acts.id('alice')],
      ])
      const pushers = await api.pushers(`refs/heads/${branch}`)
      expect([...new Set(pushers.map((one) => one?.id))].sort()).toEqual([acts.id('alice'), acts.id('bob')])
    })

    test('reviews: their states, and the commit that each was given for', async () => {
      const { acts, api, payloads } = hub
      const { head, number, branch } = await proposed()
      await acts.review('bob', number, 'COMMENTED')
      await acts.review('bob', number, 'CHANGES_REQUESTED')
      const approval = await acts.review('carol', number, 'APPROVED')
      expect((await api.reviews(number)).map(({ state, reviewer }) => [state, reviewer?.id])).toEqual([
        ['COMMENTED', acts.id('bob')],
        ['CHANGES_REQUESTED', acts.id('bob')],
        ['APPROVED', acts.id('carol')],
      ])
      await acts.dismiss(number, approval)
      expect((await api.reviews(number)).at(-1)).toMatchObject({ id: approval, state: 'DISMISSED' })
      const said = await told(payloads.review, number)
      expect(said.map(({ action, state, commit }) => [action, state, commit])).toEqual([
        ['submitted', 'commented', head],
        ['submitted', 'changes_requested', head],
        ['submitted', 'approved', head],
        ['dismissed', 'dismissed', head],
      ])
      expect(said[2]).toMatchObject({ reviewId: approval, reviewer: { id: acts.id('carol') } })

      await acts.push('alice', branch, 'two')
      expect((await api.reviews(number)).at(0)?.commit).toBe(head)
      const forced = await acts.push('alice', branch, 'three', true)
      // GitHub shows a review of a commit that is gone as one of the new head (trust.md 6.01).
      expect((await api.reviews(number)).map(({ commit }) => commit)).toEqual([forced, forced, forced])
      expect((await told(payloads.review, number)).at(0)?.commit).toBe(head)
    })

    test('another base, and drafts', async () => {
      const { acts, api, payloads } = hub
      const { head, number } = await proposed()
      await acts.retarget('alice', number, 'side')
      expect((await api.pull(number)).base.ref).toBe('side')
      await acts.draft('alice', number, true)
      expect((await api.pull(number)).draft).toBe(true)
      await expect(api.merge(number, head)).rejects.toMatchObject({ code: 'not_mergeable' })
      await acts.draft('alice', number, false)
      const actions = (await told(payloads.pullRequest, number)).map(({ action }) => action)
      expect(actions).toEqual(['opened', 'edited', 'converted_to_draft', 'ready_for_review'])
    })

    test.each(['merge', 'squash', 'rebase'] as const)('merged by %s', async (how) => {
      const { acts, api } = hub
      const { branch, number } = await proposed()
      const head = await acts.push('alice', branch, 'two')
      const commit = await acts.merge('bob', number, how)
      const pull = await api.pull(number)
      expect(pull).toMatchObject({ state: 'closed', merged: true, mergeCommit: commit, head: { sha: head } })
      expect(pull.mergedBy?.id).toBe(acts.id('bob'))
      expect(pull.mergedAt).toBeGreaterThan(0)
      expect((await api.pullsOf(commit)).map((one) => one.number)).toEqual([number])
      await expect(api.merge(number, head)).rejects.toMatchObject({ code: 'not_mergeable' })
    })

    test('what merges what: the expected head alone, and every pull request whose head the branch now holds', async () => {
      const { acts, api } = hub
      const first = await proposed()
      const branch = `branch-${++branches}`
      await acts.point('alice', branch, first.head)
      const second = await acts.open('alice', branch)
      await expect(api.merge(first.number, 'e'.repeat(40))).rejects.toMatchObject({ code: 'conflict' })
      await api.merge(first.number, first.head)
      const [one, two] = [await api.pull(first.number), await api.pull(second)]
      expect([one.merged, two.merged]).toEqual([true, true])
      expect(two.mergeCommit).toBe(one.mergeCommit)
      const tied = (await api.pullsOf(one.mergeCommit ?? '')).map(({ number }) => number)
      expect(tied.sort((a, b) => a - b)).toEqual([first.number, second])

      const byHand = await proposed()
      const main = `branch-${++branches}`
      await acts.point('carol', main, byHand.head)
      await acts.point('carol', 'main', byHand.head)
      expect(await api.pull(byHand.number)).toMatchObject({ merged: true, mergeCommit: byHand.head })
    })

    test('comments as they were written, and as they were changed', async () => {
      const { acts, payloads } = hub
      const { number } = await proposed()
      const comment = await acts.comment('bob', number, 'hello')
      await acts.comment('bob', number, '/gitsudo revoke', comment)
      const said = await told(payloads.comment, number)
      // An edit is told as one, or not at all (trust.md 6.27a).
      const created = said.filter(({ action }) => action === 'created')
      expect(created.map(({ commentId, body, author }) => [commentId, body, author.id])).toEqual([
        [comment, 'hello', acts.id('bob')],
      ])
    })

    test('comments since a moment: those that were written or changed since, and whether they were', async () => {
      const { acts, api } = hub
      const { number } = await proposed()
      const [old, early] = [
        await acts.comment('bob', number, 'old'),
        await acts.comment('bob', number, 'early'),
      ]
      const since = hub.now() + 1
      const late = await acts.comment('carol', number, '/gitsudo revoke')
      await acts.comment('bob', number, '/gitsudo revoke', early)
      const found = (await api.commentsSince(since)).filter(({ pull }) => pull === number)
      const told = found.map(({ id, author, body, edited }) => [id, author?.id, body, edited])
      expect(told.sort()).toEqual(
        [
          [late, acts.id('carol'), '/gitsudo revoke', false],
          [early, acts.id('bob'), '/gitsudo revoke', true],
        ].sort(),
      )
      const all = (await api.commentsSince(0)).filter(({ pull }) => pull === number)
      expect(all.map(({ id }) => id).sort()).toEqual([old, early, late].sort())
    })

    test('what gitsudo writes can be found again and changed', async () => {
      const { api } = hub
      const { head, number } = await proposed()
      const check = {
        headSha: head,
        externalId: `gitsudo:${hub.repository}:${number}`,
        status: 'in_progress',
        title: 'looking',
        summary: 'looking',
        annotations: [],
      } as const
      expect(await api.findCheck(head, check.externalId)).toBeUndefined()
      const id = await api.createCheck(check)
      expect(await api.findCheck(head, check.externalId)).toBe(id)
      expect(await api.findCheck(head, 'another')).toBeUndefined()
      await api.updateCheck(id, { ...check, status: 'completed', conclusion: 'success' })
      const comment = await api.createComment(number, 'a <!-- mark -->')
      expect(await api.findComment(number, '<!-- mark -->')).toBe(comment)
      expect(await api.findComment(number, '<!-- other -->')).toBeUndefined()
      await api.editComment(comment, 'b <!-- other -->')
      expect(await api.findComment(number, '<!-- other -->')).toBe(comment)
      await expect(api.editComment(99_999_999, 'gone')).rejects.toMatchObject({ code: 'not_found' })
      await api.close(number)
      expect(await api.pull(number)).toMatchObject({ state: 'closed', merged: false })
      await expect(api.pull(9999)).rejects.toMatchObject({ name: 'GitHubError', code: 'not_found' })
    })

    test('who may what now; and a login that another person took (trust.md 6.16)', async () => {
      const { acts, api } = hub
      const id = acts.id('carol')
      for (const permission of ['write', 'read', 'admin', 'write'] as const) {
        await acts.allow('carol', permission)
        expect(await api.permission('carol')).toMatchObject({ account: { id }, permission })
      }
      expect(await api.permission('nobody-of-that-name')).toBeUndefined()
      expect(await api.account('nobody-of-that-name')).toBeUndefined()
      expect(await api.account('carol')).toMatchObject({ id, type: 'User' })

      const { number } = await proposed()
      await acts.review('carol', number, 'APPROVED')
      const other = await acts.reuse('carol')
      expect(await api.account('carol')).toMatchObject({ id: other })
      const reviewer = (await api.reviews(number)).at(-1)?.reviewer
      expect(reviewer).toMatchObject({ id, type: 'User' })
      expect(await api.account(reviewer?.login ?? '')).toMatchObject({ id })
    })
  })
}
