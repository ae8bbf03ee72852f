import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

test('a merge with the expected head, one that moved, and one that rules forbid', async () => {
  const { api, admin, propose, commit } = stage
  const { number, sha } = await propose('alice', 'merging')
  const moved = await commit('alice', 'merging', 'later.txt', 'later')
  await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'conflict' })
  admin.protectBranch('acme/access', 'main', { requiredReviews: 1, enforceAdmins: true })
  await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
  admin.unprotectBranch('acme/access', 'main')
  await api.merge(number, moved)
  expect(await api.pull(number)).toMatchObject({
    merged: true,
    mergedBy: { login: 'gitsudo[bot]', type: 'Bot' },
  })
  await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
})

test('whose check of our name the branch requires', async () => {
  const { api, admin, app } = stage
  const required = (...checks: { context: string; appId?: number | null }[]) => {
    admin.protectBranch('acme/access', 'main', { requiredChecks: checks })
    return api.requiredCheck('main')
  }
  try {
    expect(await api.requiredCheck('main')).toBe('none')
    expect(await required({ context: 'build' })).toBe('none')
    expect(await required({ context: 'gitsudo', appId: app.id + 1 })).toBe('none')
    expect(await required({ context: 'gitsudo' })).toBe('anybody')
    expect(await required({ context: 'gitsudo', appId: -1 })).toBe('anybody')
    expect(await required({ context: 'build' }, { context: 'gitsudo', appId: app.id })).toBe('ours')
  } finally {
    admin.unprotectBranch('acme/access', 'main')
  }
})

test('where the branch has a merge queue, merging is waiting in it, at the expected head', async () => {
  const { api, admin, propose, commit, app } = stage
  const { number, sha } = await propose('alice', 'queued')
  const required = { requiredChecks: [{ context: 'gitsudo', appId: app.id }] }
  admin.protectBranch('acme/access', 'main', { ...required, mergeQueue: {} })
  try {
    await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'not_mergeable' })
    const passed = {
      status: 'completed',
      conclusion: 'success',
      title: 't',
      summary: 's',
      annotations: [],
    } as const
    await api.createCheck({ ...passed, headSha: sha, externalId: 'gitsudo:7:1' })
    await api.merge(number, sha)
    await api.merge(number, sha)
    expect(await api.pull(number)).toMatchObject({ merged: false, state: 'open' })
    await admin.deliveriesSettled()
    const told = (event: string) => stage.accepted.filter(({ delivery }) => delivery.event === event)
    expect(told('merge_group')).toHaveLength(1)
    expect(told('merge_group')[0]?.wake).toEqual([
      { queue: 'merge-group', key: `7:${told('merge_group')[0]?.delivery.ref}` },
    ])
    const moved = await commit('alice', 'queued', 'later.txt', 'later')
    await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'conflict' })
    await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
  } finally {
    admin.unprotectBranch('acme/access', 'main')
  }
})
