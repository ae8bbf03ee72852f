import { afterAll, beforeAll, expect, test } from 'vitest'
import { anchorBranch } from '../../app/reconcile/anchor.ts'
import type { AnchorBranch } from '../../app/reconcile/ports/anchor.ts'
import { mustRun } from '../../app/sandbox/run.ts'
import { setStage } from './stage.ts'

let t: Awaited<ReturnType<typeof setStage>>
let installation: number
let gitDir: string
let id: number
let branch: AnchorBranch

beforeAll(async () => {
  t = await setStage()
  const made = await t.admin.createRepository({
    owner: 'acme',
    name: 'ledger',
    files: { 'README.md': '#\n' },
  })
  ;({ gitDir, id } = made)
  installation = t.admin.installApp('gitsudo', 'acme/ledger')
  const { anchor } = t.make({ anchor: { id, fullName: 'acme/ledger', branch: anchorBranch } })
  if (anchor === undefined) throw new Error('no anchor branch')
  branch = anchor
})
afterAll(() => t.close())

const files = (text: string) =>
  new Map([
    ['checkpoint', text],
    ['rotations/1', `${text}, rotated`],
  ])
const git = async (...args: readonly string[]) => (await mustRun('git', ['-C', gitDir, ...args])).trim()
const writes = async (work: () => Promise<unknown>) => {
  const before = t.admin.counters().writes
  await work()
  return t.admin.counters().writes - before
}

test('a branch grows by whole commits, each one write once there is a branch', async () => {
  expect(await branch.tip()).toBeUndefined()
  const first = await branch.commit({ message: 'Anchor 1', files: files('one') })
  expect(await branch.tip()).toBe(first)
  expect(await git('rev-list', '--parents', anchorBranch)).toBe(first)
  let second = ''
  const made = await writes(async () => {
    second = await branch.commit({ parent: first, message: 'Anchor 2', files: files('two — ✓') })
  })
  expect(made).toBe(1)
  expect(await git('rev-list', '--parents', '-1', anchorBranch)).toBe(`${second} ${first}`)
  expect(await git('log', '-1', '--format=%an %s', anchorBranch)).toBe('gitsudo[bot] Anchor 2')
  expect(await branch.file(second, 'checkpoint')).toBe('two — ✓')
  expect(await branch.file(first, 'rotations/1')).toBe('one, rotated')
  expect(await branch.file(first, 'nothing')).toBeUndefined()
  expect(await branch.parents(first)).toEqual([])
  expect(await branch.parents(second)).toEqual([first])
  expect(await branch.descends(first, second)).toBe(true)
  expect(await branch.descends(first, first)).toBe(true)
  expect(await branch.descends(second, first)).toBe(false)
  expect(await branch.descends('f'.repeat(40), first)).toBe(false)
})

test('of two at once one commits, the other is told of a conflict', async () => {
  const parent = await branch.tip()
  if (parent === undefined) throw new Error('no branch')
  const both = await Promise.allSettled(
    ['a', 'b'].map((text) => branch.commit({ parent, message: text, files: files(text) })),
  )
  const refused = both.filter((one) => one.status === 'rejected')
  expect(refused.map(({ reason }) => reason.code)).toEqual(['conflict'])
  expect(await git('rev-list', '--count', `${parent}..${anchorBranch}`)).toBe('1')
  await expect(branch.commit({ message: 'First', files: files('again') })).rejects.toMatchObject({
    code: 'conflict',
  })
})

test('protected against everybody, gone, or not ours to write: refused in words', async () => {
  const parent = await branch.tip()
  if (parent === undefined) throw new Error('no branch')
  const commit = () => branch.commit({ parent, message: 'More', files: files('more') })
  t.admin.protectBranch('acme/ledger', anchorBranch, { requiredReviews: 1 })
  await expect(commit()).rejects.toMatchObject({ code: 'invalid' })
  t.admin.unprotectBranch('acme/ledger', anchorBranch)
  const whole = { checks: 'write', contents: 'read', metadata: 'read', pull_requests: 'write' } as const
  t.admin.setAppPermissions('gitsudo', whole)
  await expect(commit()).rejects.toMatchObject({ code: 'forbidden' })
  t.admin.setAppPermissions('gitsudo', { ...whole, contents: 'write' })
  await commit()
  t.admin.removeFromInstallation(installation, 'acme/ledger')
  const fresh = t.make({ anchor: { id, fullName: 'acme/ledger', branch: anchorBranch } }).anchor
  await expect(fresh?.tip()).rejects.toMatchObject({ code: 'forbidden' })
  await t.admin.removeRepository('acme/ledger')
  await expect(
    t.make({ anchor: { id, fullName: 'acme/ledger', branch: anchorBranch } }).anchor?.tip(),
  ).rejects.toMatchObject({ code: 'forbidden' })
})
