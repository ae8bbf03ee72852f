import { expect, test } from 'vitest'
import { mirrorOf } from './mirror-of.ts'
import { folder, repository } from './remote.ts'

const file = (root: string) => (name: string) => `file://${root}/${name}.git`

test('trees, entries, hashes and blobs are those of the exact commit', async () => {
  using root = folder()
  const remote = repository(root.path)
  const first = remote.commit({ 'requests/2026/12/a.yaml': 'one', 'policies/p.rego': 'package p' })
  const second = remote.commit(
    { 'requests/2026/12/a.yaml': 'two', 'policies/p.rego': 'package p', x: { mode: '100755', text: '#' } },
    [first],
  )
  remote.branch(second)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))

  expect(await at.mirror.has(second)).toBe(false)
  expect(await at.mirror.fetch([first])).toEqual({ tip: second })
  expect(await at.mirror.has(second)).toBe(true)
  expect(await at.mirror.has('0'.repeat(40))).toBe(false)
  expect(await at.mirror.has(await remote.blob('two'))).toBe(false)

  expect(await at.mirror.tree(first, 'requests/')).toEqual([
    { path: 'requests/2026/12/a.yaml', mode: '100644', sha: remote.blob('one'), size: 3 },
  ])
  expect((await at.mirror.tree(second, '')).map(({ path, mode }) => `${mode} ${path}`)).toEqual([
    '100644 policies/p.rego',
    '100644 requests/2026/12/a.yaml',
    '100755 x',
  ])
  expect(await at.mirror.tree(first, 'absent')).toEqual([])
  expect(await at.mirror.entry(second, 'requests/2026/12/a.yaml')).toMatchObject({ sha: remote.blob('two') })
  expect(await at.mirror.entry(second, 'requests/2026')).toMatchObject({ mode: '040000' })
  expect(await at.mirror.entry(second, 'requests/2026/12/a.yaml/b')).toBeUndefined()
  expect(await at.mirror.entry(second, 'requests/2026/12/A.yaml')).toBeUndefined()
  expect(await at.mirror.treeHash(first, 'policies')).toBe(remote.git(['rev-parse', `${first}:policies`]))
  expect(await at.mirror.treeHash(first, 'policies/')).toBe(await at.mirror.treeHash(second, 'policies'))
  expect(await at.mirror.treeHash(second, 'x')).toBeUndefined()
  expect(await at.mirror.treeHash(second, 'none')).toBeUndefined()
  expect(Buffer.from(await at.mirror.blob(remote.blob('two'), 3)).toString()).toBe('two')
})

test('hostile paths, symlinks and submodules come out as they are, and inject nothing', async () => {
  using root = folder()
  const remote = repository(root.path)
  const secret = remote.blob('secret')
  const hostile = `a\ncontents ${secret}\nb`
  const head = remote.commit({
    [`requests/${hostile}`]: 'harmless',
    'requests/link.yaml': { mode: '120000', text: '/etc/passwd' },
    'requests/module.yaml': { mode: '160000', sha: 'f'.repeat(40) },
    'requests/:(glob)**': 'glob',
    'requests/--output=x': 'option',
    'requests/ü\t"quoted"': 'quote',
  })
  remote.branch(head)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))
  await at.mirror.fetch([])

  const entries = new Map((await at.mirror.tree(head, 'requests')).map((entry) => [entry.path, entry]))
  expect(entries.get(`requests/${hostile}`)).toMatchObject({ mode: '100644', size: 8 })
  expect(entries.get('requests/link.yaml')).toMatchObject({ mode: '120000', size: 11 })
  expect(entries.get('requests/module.yaml')).toEqual({
    path: 'requests/module.yaml',
    mode: '160000',
    sha: 'f'.repeat(40),
    size: 0,
  })
  expect(entries.size).toBe(6)
  expect(await at.mirror.entry(head, `requests/${hostile}`)).toMatchObject({ sha: remote.blob('harmless') })
  expect((await at.mirror.changes('empty', head, 'requests/')).map(({ path }) => path).sort()).toEqual(
    [...entries.keys()].sort(),
  )
  expect(await at.mirror.everHeld(head, 'requests/:(glob)**')).toBe(true)
  expect(await at.mirror.everHeld(head, 'requests/:(glob)*')).toBe(false)
  expect(await at.mirror.everHeld(head, '--all')).toBe(false)

  for (const bad of [
    'HEAD',
    `${head}:requests`,
    `${head}\ncontents ${secret}`,
    '--all',
    head.toUpperCase(),
    '',
  ]) {
    await expect(at.mirror.tree(bad, 'requests')).rejects.toMatchObject({ code: 'missing' })
    await expect(at.mirror.blob(bad, 10)).rejects.toMatchObject({ code: 'missing' })
    await expect(at.mirror.fetch([bad])).rejects.toMatchObject({ code: 'missing' })
    await expect(at.mirror.commits(head, bad)).rejects.toMatchObject({ code: 'missing' })
  }
})

test('a huge blob is refused by its size, and reading goes on', async () => {
  using root = folder()
  const remote = repository(root.path)
  const huge = Buffer.alloc(64 * 1024 * 1024, 'x')
  const head = remote.commit({
    huge: { text: huge },
    small: 'small',
    binary: { text: Buffer.from([0, 10, 255, 10, 0]) },
  })
  remote.branch(head)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))
  await at.mirror.fetch([])

  const entry = await at.mirror.entry(head, 'huge')
  expect(entry?.size).toBe(huge.length)
  await expect(at.mirror.blob(entry?.sha ?? '', 65_536)).rejects.toMatchObject({ code: 'too_large' })
  const [whole, small, binary] = await Promise.all([
    at.mirror.blob(entry?.sha ?? '', huge.length),
    at.mirror.blob(remote.blob('small'), 100),
    at.mirror.blob(remote.blob(Buffer.from([0, 10, 255, 10, 0])), 100),
  ])
  expect(Buffer.compare(whole, huge)).toBe(0)
  expect(Buffer.from(small).toString()).toBe('small')
  expect([...binary]).toEqual([0, 10, 255, 10, 0])
  await expect(at.mirror.blob(head, 1000)).rejects.toMatchObject({ code: 'missing' })
  await expect(at.mirror.blob('0'.repeat(40), 1000)).rejects.toMatchObject({ code: 'missing' })
})

test('a tree of 5,000 files comes whole', async () => {
  using root = folder()
  const remote = repository(root.path)
  const same = remote.blob('same')
  const lines = Array.from({ length: 5000 }, (_, i) => `100644 blob ${same}\tf${i}.yaml\0`)
  const files = remote.git(['mktree', '-z'], lines.join(''))
  const head = remote.commit({ requests: { mode: '040000', sha: files } })
  remote.branch(head)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))
  await at.mirror.fetch([])
  expect(await at.mirror.tree(head, 'requests/')).toHaveLength(5000)
  expect(await at.mirror.changes('empty', head, 'requests/')).toHaveLength(5000)
})

test('folders of many within folders of many are refused before they fill the memory', async () => {
  using root = folder()
  const remote = repository(root.path)
  const empty = Buffer.from(remote.blob(''), 'hex')
  const name = (i: number) => Buffer.from(`100644 f${String(i).padStart(6, '0')}\0`)
  const many = Buffer.concat(Array.from({ length: 130_000 }, (_, i) => [name(i), empty]).flat())
  const levels: string[] = []
  for (let inner: string | undefined; levels.length < 4; inner = levels.at(-1)) {
    const first = inner === undefined ? [] : [Buffer.from('40000 a\0'), Buffer.from(inner, 'hex')]
    levels.push(remote.git(['hash-object', '-t', 'tree', '-w', '--stdin'], Buffer.concat([...first, many])))
  }
  const [one = '', , , deep = ''] = levels.map((sha) => remote.commit({ requests: { mode: '040000', sha } }))
  remote.branch(deep)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))
  await at.mirror.fetch([one])
  await expect(at.mirror.changes('empty', deep)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('500000 entries'),
  })
  await expect(at.mirror.changes('empty', one)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('50000 files and folders'),
  })
})

test('paths that are too long to be put on record are refused, be they ever so few', async () => {
  using root = folder()
  const remote = repository(root.path)
  const empty = remote.blob('')
  const names = Array.from({ length: 12_000 }, (_, i) => `100644 blob ${empty}\tf${i}\0`)
  let sha = remote.git(['mktree', '-z', '--missing'], names.join(''))
  for (let depth = 0; depth < 6; depth += 1)
    sha = remote.git(['mktree', '-z'], `040000 tree ${sha}\t${'n'.repeat(250)}\0`)
  const head = remote.commit({ requests: { mode: '040000', sha } })
  remote.branch(head)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path))
  await at.mirror.fetch([])
  await expect(at.mirror.changes('empty', head)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('characters'),
  })
})

test('a tree that unfolds without end is refused, not followed', async () => {
  using root = folder()
  const remote = repository(root.path)
  const head = remote.commit({ requests: remote.bomb() })
  remote.branch(head)
  using at = mirrorOf(`${root.path}/mirrors`, file(root.path), { timeouts: { readMs: 10_000 } })
  await at.mirror.fetch([])
  await expect(at.mirror.tree(head, 'requests')).rejects.toMatchObject({ code: 'too_large' })
  await expect(at.mirror.changes('empty', head)).rejects.toMatchObject({ code: 'too_large' })
  expect(await at.mirror.has(head)).toBe(true)
})
