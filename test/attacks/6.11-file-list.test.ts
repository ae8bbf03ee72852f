// The attack: hide what a pull request does from whoever reads GitHub's list of its files. The list ends at 3,000, shows
// a rename as a rename, and says nothing of modes: a symlink, a submodule, or a path that some file system takes for
// another. The trees say it all (trust.md 6.11).
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { quiet } from './support/quiet.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

type Clone = Awaited<ReturnType<AttackWorld['clone']>>

/** A pull request of alice's from a branch that holds what `make` stages. */
const propose = async (t: AttackWorld, slug: string, make: (clone: Clone) => Promise<unknown>) => {
  const clone = await t.clone('alice')
  await make(clone)
  await clone.git('commit', '--quiet', '--message', slug)
  await clone.git('push', '--quiet', 'origin', `HEAD:refs/heads/files/${slug}`)
  const { number } = await t.people.alice.openPull(`files/${slug}`, slug)
  return { number, head: await clone.git('rev-parse', 'HEAD') }
}

/** The administrator merges it all the same, and it grants nothing. */
const landForNothing = async (t: AttackWorld, number: number) => {
  await t.land(number)
  await quiet(t, number)
  await t.nothingGranted(number)
}

/** Stages a file. */
const put = async (clone: Clone, path: string, text: string) => {
  await write(clone, path, text)
  await clone.git('add', '--', path)
}
const write = async (clone: Clone, path: string, text: string) => {
  await mkdir(dirname(join(clone.dir, path)), { recursive: true })
  await writeFile(join(clone.dir, path), text)
}

test('behind three thousand other files a request is seen, and refused for their company', async () => {
  const t = await attackWorld()
  const { number, head } = await propose(t, 'crowd', async (clone) => {
    for (let n = 0; n < 3005; n++) await write(clone, `a-crowd/${n}.txt`, '1')
    await write(clone, pathOf('behind-the-crowd'), textOf())
    await clone.git('add', '--all')
  })
  const listed = await t.api<readonly unknown[]>('GET', `/pulls/${number}/files?per_page=100&page=31`)
  expect(listed).toEqual([])
  await t.checked(head, 'failure', 'beside requests/ it changes a-crowd/0.txt')
  await t.land(number)
  await t.reached(requestId(t.repository.id, number, pathOf('behind-the-crowd')), 'refused')
  await t.commented(number, 'refused')
  await t.nothingGranted(number)
  // The world is shared: who clones it next need not check all of them out.
  const clone = await t.clone('erin')
  await clone.git('rm', '--quiet', '-r', 'a-crowd')
  await clone.git('commit', '--quiet', '--message', 'No crowd')
  await clone.git('push', '--quiet', 'origin', 'main')
})

test('a rename is the end of one request and the beginning of another, with approvals of its own', async () => {
  const t = await attackWorld()
  const first = await t.ask('rename-from', admin)
  await t.approve(first.number, 'bob', 'carol')
  await t.checked(first.head, 'success')
  await t.land(first.number)
  await t.reached(first.id, 'active')
  const { number, head } = await propose(t, 'rename', (clone) =>
    clone.git('mv', first.path, pathOf('rename-to')),
  )
  const [file] = await t.api<readonly { status: string }[]>('GET', `/pulls/${number}/files`)
  expect(file?.status).toBe('renamed')
  await t.checked(head, 'action_required', 'Merging revokes')
  await t.land(number)
  const second = requestId(t.repository.id, number, pathOf('rename-to'))
  await t.reached(first.id, 'ended')
  await t.refused(
    { id: second, number, head, path: pathOf('rename-to'), branch: 'files/rename' },
    'merged with 0 of the 1 approvals',
  )
})

test.each<[string, string, (clone: Clone, path: string) => Promise<unknown>]>([
  [
    'symlink',
    'has mode 120000',
    async (clone, path) => {
      await mkdir(dirname(join(clone.dir, path)), { recursive: true })
      await symlink('../../../README.md', join(clone.dir, path))
      await clone.git('add', path)
    },
  ],
  [
    'submodule',
    'has mode 160000',
    async (clone, path) =>
      clone.git(
        'update-index',
        '--add',
        '--cacheinfo',
        `160000,${await clone.git('rev-parse', 'HEAD')},${path}`,
      ),
  ],
  [
    'script',
    'has mode 100755',
    async (clone, path) => {
      await put(clone, path, textOf())
      await clone.git('update-index', '--chmod=+x', path)
    },
  ],
])('a %s is no request', async (slug, said, make) => {
  const t = await attackWorld()
  const { number, head } = await propose(t, slug, (clone) => make(clone, pathOf(`mode-${slug}`)))
  await t.checked(head, 'failure', said)
  await landForNothing(t, number)
  const path = pathOf(`mode-${slug}`)
  await t.refused(
    { id: requestId(t.repository.id, number, path), number, head, path, branch: `files/${slug}` },
    said,
  )
})

test.each([
  ['upper case', 'requests/2026/12/Case-Twin.yaml', 'is no path of a request'],
  ['a folder that only differs by case', 'Requests/2026/12/case-twin.yaml', 'it is not under requests/'],
  ['letters that look alike', 'requests/2026/12/c\u0430se-twin.yaml', 'is no path of a request'],
  ['a folder with an invisible letter', 'requests\u200b/2026/12/case-twin.yaml', 'it is not under requests/'],
  ['a folder of wide letters', 'ｒequests/2026/12/case-twin.yaml', 'it is not under requests/'],
])('%s', async (name, path, said) => {
  const t = await attackWorld()
  const slug = name.replaceAll(' ', '-')
  const { number, head } = await propose(t, slug, (clone) => put(clone, path, textOf()))
  await t.checked(head, 'failure', said)
  await landForNothing(t, number)
})
