import { describe, expect, test } from 'vitest'
import type { Mirror, Sha } from '../../../app/reconcile/ports/git.ts'
import { bomb } from '../memory/git.ts'

export type MirrorUnderTest = {
  readonly mirror: Mirror
  /** A commit whose whole tree is `files`, path → text; `bomb` is a folder that unfolds into more than is read. */
  commit(files: Readonly<Record<string, string>>, parents?: readonly Sha[]): Sha
  /** Points the branch at a commit. */
  branch(commit: Sha): void
  readonly author: string
}

const none = 'e'.repeat(40)

/** What the reconcilers rely on of Git: held to by the mirror, and by the repository in memory. */
export const describeMirror = (name: string, setUp: () => MirrorUnderTest & Disposable): void => {
  describe(`Git, ${name}`, () => {
    test('trees, entries, blobs and what differs between commits', async () => {
      using at = setUp()
      const { mirror } = at
      const first = at.commit({ 'requests/a.yaml': 'one', 'requests/b.yaml': 'b', 'policies/p.rego': 'p' })
      const second = at.commit({ 'requests/a.yaml': 'two', 'requests/c.yaml': 'b', 'policies/p.rego': 'p' }, [
        first,
      ])
      at.branch(second)
      expect(await mirror.fetch([first])).toEqual({ tip: second })
      expect(await mirror.has(second)).toBe(true)
      expect(await mirror.has(none)).toBe(false)
      await expect(mirror.fetch([none])).rejects.toMatchObject({ code: 'missing' })

      const tree = await mirror.tree(first, 'requests/')
      expect(tree.map(({ path, mode, size }) => [path, mode, size])).toEqual([
        ['requests/a.yaml', '100644', 3],
        ['requests/b.yaml', '100644', 1],
      ])
      const entry = await mirror.entry(second, 'requests/a.yaml')
      expect(entry).toMatchObject({ path: 'requests/a.yaml', mode: '100644', size: 3 })
      expect(await mirror.entry(second, 'requests/b.yaml')).toBeUndefined()
      expect(new TextDecoder().decode(await mirror.blob(entry?.sha ?? '', 3))).toBe('two')
      await expect(mirror.blob(entry?.sha ?? '', 2)).rejects.toMatchObject({ code: 'too_large' })
      await expect(mirror.blob(none, 9)).rejects.toMatchObject({ code: 'missing' })
      expect(await mirror.treeHash(first, 'policies')).toBe(await mirror.treeHash(second, 'policies'))
      expect(await mirror.treeHash(first, 'requests')).not.toBe(await mirror.treeHash(second, 'requests'))
      expect(await mirror.treeHash(first, 'none')).toBeUndefined()

      const changes = await mirror.changes(first, second)
      expect(changes.map(({ path, before, after }) => [path, before?.mode, after?.mode])).toEqual([
        ['requests/a.yaml', '100644', '100644'],
        ['requests/b.yaml', '100644', undefined],
        ['requests/c.yaml', undefined, '100644'],
      ])
      expect(changes[1]?.before?.sha).toBe(changes[2]?.after?.sha)
      expect(await mirror.changes(first, second, 'policies/')).toEqual([])
      expect((await mirror.changes('empty', first, 'policies/')).map(({ path }) => path)).toEqual([
        'policies/p.rego',
      ])
      expect(await mirror.changes(second, second)).toEqual([])
    })

    test('a folder of more than is read is refused where it differs, and nowhere else', async () => {
      using at = setUp()
      const { mirror } = at
      const files = { 'requests/a.yaml': 'a', 'policies/p.rego': 'p' }
      const before = at.commit(files)
      const holding = at.commit({ ...files, 'requests/bomb': bomb }, [before])
      const beside = at.commit({ 'requests/b.yaml': 'b', 'requests/bomb': bomb }, [holding])
      const after = at.commit({ 'policies/p.rego': 'p' }, [beside])
      at.branch(after)
      expect(await mirror.fetch([])).toEqual({ tip: after })
      for (const ask of [
        () => mirror.changes(before, holding),
        () => mirror.changes('empty', holding, 'requests/'),
        () => mirror.changes(beside, after, 'requests/'),
        () => mirror.tree(holding, 'requests/'),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'too_large' })
      const paths = async (from: Sha, to: Sha, folder: string) =>
        (await mirror.changes(from, to, folder)).map(({ path }) => path)
      expect(await paths(holding, beside, 'requests/')).toEqual(['requests/a.yaml', 'requests/b.yaml'])
      expect(await paths(before, holding, 'policies/')).toEqual([])
      expect(await paths(before, after, 'requests/')).toEqual(['requests/a.yaml'])
      expect(await mirror.entry(holding, 'requests/a.yaml')).toMatchObject({ mode: '100644' })
      expect(await mirror.entry(after, 'requests/a.yaml')).toBeUndefined()
      expect(await mirror.everHeld(after, 'requests/b.yaml')).toBe(true)
      expect(await mirror.everHeld(after, 'requests/c.yaml')).toBe(false)
    })

    test('ancestry: of branches that parted and met, and of islands', async () => {
      using at = setUp()
      const { mirror } = at
      const root = at.commit({ a: '1' })
      const main = at.commit({ a: '1', m: '' }, [root])
      const one = at.commit({ a: '2' }, [root])
      const head = at.commit({ a: '3' }, [one])
      const merge = at.commit({ a: '3', m: '' }, [main, head])
      const after = at.commit({ a: '3', m: '2' }, [merge])
      const island = at.commit({ z: '' })
      at.branch(after)
      await mirror.fetch([island])

      expect(await mirror.parents(merge)).toEqual([main, head])
      expect(await mirror.parents(root)).toEqual([])
      expect(await mirror.mergeBase(main, head)).toBe(root)
      expect(await mirror.mergeBase(merge, head)).toBe(head)
      expect(await mirror.mergeBase(main, island)).toBeUndefined()
      expect(await mirror.isAncestor(one, after)).toBe(true)
      expect(await mirror.isAncestor(after, after)).toBe(true)
      expect(await mirror.isAncestor(after, one)).toBe(false)
      const commits = await mirror.commits(main, head)
      expect(commits.map(({ sha }) => sha)).toEqual([head, one])
      expect(commits[1]).toMatchObject({ parents: [root], author: { email: at.author }, coAuthors: [] })
      expect(await mirror.commits(head, head)).toEqual([])
      expect(await mirror.firstParents(root, after)).toEqual([main, merge, after])
      expect(await mirror.firstParents(after, after)).toEqual([])
      expect(await mirror.firstParents(one, after)).toBeUndefined()
      expect(await mirror.firstParents(after, root)).toBeUndefined()
      for (const ask of [
        () => mirror.parents(none),
        () => mirror.isAncestor(none, after),
        () => mirror.isAncestor(after, none),
        () => mirror.mergeBase(after, none),
        () => mirror.commits(none, after),
        () => mirror.tree(none, ''),
        () => mirror.changes(none, after),
        () => mirror.everHeld(none, 'a'),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'missing' })
    })

    test('whether anything ever lay at a path', async () => {
      using at = setUp()
      const { mirror } = at
      const root = at.commit({ a: '1' })
      const side = at.commit({ a: '1', 'requests/x.yaml': 'x' }, [root])
      const gone = at.commit({ a: '1' }, [side])
      const main = at.commit({ a: '2' }, [root])
      const merge = at.commit({ a: '2' }, [main, gone])
      at.branch(merge)
      await mirror.fetch([])
      expect(await mirror.everHeld(merge, 'requests/x.yaml')).toBe(true)
      expect(await mirror.everHeld(main, 'requests/x.yaml')).toBe(false)
      expect(await mirror.everHeld(merge, 'requests/y.yaml')).toBe(false)
    })
  })
}
