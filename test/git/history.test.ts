import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mirrorOf } from './mirror-of.ts'
import { folder, repository } from './remote.ts'

const setUp = () => {
  const root = folder()
  const remote = repository(root.path)
  const at = mirrorOf(`${root.path}/mirrors`, (name) => `file://${root.path}/${name}.git`)
  return {
    remote,
    mirror: at.mirror,
    [Symbol.dispose]: () => {
      at[Symbol.dispose]()
      root[Symbol.dispose]()
    },
  }
}

test('ancestry, merge bases and the commits of a pull request', async () => {
  using at = setUp()
  const { remote, mirror } = at
  const base = remote.commit({ a: '1' })
  const main = remote.commit({ a: '1', m: '' }, [base])
  const one = remote.commit(
    { a: '2' },
    [base],
    'one\n\nCo-authored-by: Carol <carol@acme.example>\n\nmore text\nco-authored-BY:  Dave <7+dave@users.noreply.github.com>',
  )
  const head = remote.commit({ a: '3' }, [one])
  const merge = remote.commit({ a: '3', m: '' }, [main, head])
  const island = remote.commit({ z: '' })
  remote.branch(merge)
  await mirror.fetch([island])

  expect(await mirror.mergeBase(main, head)).toBe(base)
  expect(await mirror.mergeBase(main, island)).toBeUndefined()
  expect(await mirror.isAncestor(one, merge)).toBe(true)
  expect(await mirror.isAncestor(main, head)).toBe(false)
  expect(await mirror.parents(merge)).toEqual([main, head])
  expect(await mirror.parents(base)).toEqual([])

  const commits = await mirror.commits(main, head)
  expect(commits.map(({ sha }) => sha)).toEqual([head, one])
  expect(commits[1]).toMatchObject({
    parents: [base],
    author: { name: 'Alice', email: 'alice@acme.example' },
    committer: { name: 'Bob', email: 'bob@acme.example' },
    coAuthors: [
      { name: 'Carol', email: 'carol@acme.example' },
      { name: 'Dave', email: '7+dave@users.noreply.github.com' },
    ],
  })

  const absent = 'e'.repeat(40)
  const asking = [
    () => mirror.mergeBase(absent, head),
    () => mirror.isAncestor(head, absent),
    () => mirror.commits(absent, head),
    () => mirror.parents(absent),
    () => mirror.firstParents(absent, head),
    () => mirror.changes(head, absent),
    () => mirror.everHeld(absent, 'a'),
  ]
  for (const ask of asking) await expect(ask()).rejects.toMatchObject({ name: 'GitError', code: 'missing' })
})

test('first parents lead from one tip to the next, or say that they do not', async () => {
  using at = setUp()
  const { remote, mirror } = at
  const base = remote.commit({ a: '1' })
  const side = remote.commit({ a: '2' }, [base])
  const merge = remote.commit({ a: '3' }, [base, side])
  const tip = remote.commit({ a: '4' }, [merge])
  const forced = remote.commit({ a: '5' }, [base])
  remote.branch(tip)
  await mirror.fetch([forced])
  expect(await mirror.firstParents(base, tip)).toEqual([merge, tip])
  expect(await mirror.firstParents(tip, tip)).toEqual([])
  expect(await mirror.firstParents(side, tip)).toBeUndefined()
  expect(await mirror.firstParents(tip, forced)).toBeUndefined()
  expect(await mirror.firstParents(tip, base)).toBeUndefined()
})

/** More than is read of a commit. */
const endless = 'x'.repeat(1_100_000)
const crowd = `x\n\n${'Co-authored-by: x <x@acme.example>\n'.repeat(20_001)}`

test.each([
  ['brought by a merge', (big: string) => [big], endless],
  ['a step of the branch itself', () => [], endless],
  ['by too many, brought by a merge', (big: string) => [big], crowd],
  ['by too many, a step of the branch itself', () => [], crowd],
])('a commit too large to be read, %s, keeps nobody from the branch', async (_, side, message) => {
  using at = setUp()
  const { remote, mirror } = at
  const tree = remote.tree({})
  const base = remote.commit({ a: '1' })
  remote.branch(base)
  await mirror.fetch([])
  const big = remote.commitTree(tree, [base], message)
  const [merged] = side(big)
  const merge = merged === undefined ? big : remote.commit({ b: '' }, [base, merged])
  const next = remote.commit({ 'requests/x.yaml': 'x' }, [merge])
  const tip = remote.commit({ c: '' }, [next])
  for (const one of [merge, tip]) {
    remote.branch(one)
    expect(await mirror.fetch([])).toEqual({ tip: one })
  }
  expect(await mirror.firstParents(base, tip)).toEqual([merge, next, tip])
  expect(await mirror.firstParents(merge, tip)).toEqual([next, tip])
  expect(await mirror.isAncestor(big, tip)).toBe(true)
  expect(await mirror.isAncestor(tip, big)).toBe(false)
  expect(await mirror.mergeBase(tip, big)).toBe(big)
  expect(await mirror.everHeld(tip, 'requests/x.yaml')).toBe(true)
  expect(await mirror.everHeld(tip, 'requests/y.yaml')).toBe(false)
  if (message === crowd) expect(await mirror.tree(big, '')).toEqual([])
  // Who wrote it, and with whom, cannot be told: nobody's approval counts beside it (trust.md 2.8).
  await expect(mirror.commits(base, tip)).rejects.toMatchObject({ code: 'too_large' })
})

test('a path that a side branch held and a merge dropped was held', async () => {
  using at = setUp()
  const { remote, mirror } = at
  const base = remote.commit({ keep: '' })
  const added = remote.commit({ keep: '', 'requests/2026/01/x.yaml': 'x' }, [base])
  const dropped = remote.commit({ keep: '' }, [added])
  const merge = remote.commit({ keep: '' }, [base, dropped])
  remote.branch(merge)
  await mirror.fetch([])
  expect(await mirror.everHeld(merge, 'requests/2026/01/x.yaml')).toBe(true)
  expect(await mirror.everHeld(base, 'requests/2026/01/x.yaml')).toBe(false)
  expect(await mirror.everHeld(merge, 'requests/2026/01/y.yaml')).toBe(false)
})

test('changes are what git diff-tree says, for any two trees', async () => {
  using at = setUp()
  const { remote, mirror } = at
  const name = fc.constantFrom('a', 'b', 'a.b', 'requests')
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
  const entry = fc.record({
    mode: fc.constantFrom('100644', '100755', '120000'),
    text: fc.constantFrom('1', '2'),
  })
  const tree = fc
    .dictionary(path, entry, { maxKeys: 6 })
    .map((entries) =>
      Object.fromEntries(
        Object.entries(entries).filter(
          ([one]) => !Object.keys(entries).some((other) => one.startsWith(`${other}/`)),
        ),
      ),
    )
  const first = remote.commit({})
  remote.branch(first)
  await fc.assert(
    fc.asyncProperty(tree, tree, fc.constantFrom('', 'requests/', 'a'), async (one, two, prefix) => {
      const [from, to] = [remote.commit(one), remote.commit(two)]
      await mirror.fetch([from, to])
      const said = remote
        .git([
          'diff-tree',
          '-r',
          '--raw',
          '--no-renames',
          '--no-abbrev',
          from,
          to,
          ...(prefix ? ['--', prefix.replace('/', '')] : []),
        ])
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^:(\S+) (\S+) (\S+) (\S+) \S\t(.*)$/, '$1 $3 $2 $4 $5'))
      const none = `000000 ${'0'.repeat(40)}`
      const side = (half?: { mode: string; sha: string }) => (half ? `${half.mode} ${half.sha}` : none)
      const changes = await mirror.changes(from, to, prefix)
      // A file that became a folder is one change here and two lines there, and the other way round.
      expect(
        changes.map(({ path, before, after }) => `${side(before)} ${side(after)} ${path}`).sort(),
      ).toEqual(said.sort())
    }),
    { numRuns: 25 },
  )
})

test('ancestry is what the graph says, for any graph and any way its branch goes', async () => {
  const graph = fc.array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 3, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(graph, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (shape, tips) => {
      using at = setUp()
      const { remote, mirror } = at
      const tree = remote.tree({})
      const parents = new Map<string, readonly string[]>()
      const made: string[] = []
      for (const [n, picked] of shape.entries()) {
        const own = [...new Set(picked.flatMap((at) => made[at % Math.max(1, n)] ?? []))]
        const sha = remote.commitTree(tree, own, `commit ${n}`)
        parents.set(sha, own)
        made.push(sha)
      }
      const below = (sha: string): ReadonlySet<string> => {
        const found = new Set([sha])
        for (const one of found) for (const parent of parents.get(one) ?? []) found.add(parent)
        return found
      }
      for (const tip of tips) {
        remote.branch(made[tip % made.length] ?? '')
        await mirror.fetch(made)
        for (const a of made) {
          for (const b of made) {
            const common = [...below(a)].filter((sha) => below(b).has(sha))
            const best = common.filter(
              (sha) => !common.some((other) => other !== sha && below(other).has(sha)),
            )
            const base = await mirror.mergeBase(a, b)
            expect(best).toEqual(base === undefined ? [] : expect.arrayContaining([base]))
            expect(await mirror.isAncestor(b, a)).toBe(below(a).has(b))
            if (base === undefined) continue
            expect((await mirror.commits(base, b)).map(({ sha }) => sha).sort()).toEqual(
              [...below(b)].filter((sha) => !below(base).has(sha)).sort(),
            )
          }
        }
      }
    }),
    { numRuns: 3 },
  )
})
