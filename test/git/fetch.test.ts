import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lines, mirrorOf } from './mirror-of.ts'
import { folder, repository, serve, token } from './remote.ts'

const setUp = async (more?: Parameters<typeof mirrorOf>[2]) => {
  const root = folder()
  const remote = repository(root.path)
  const server = await serve(root.path)
  const dir = `${root.path}/mirrors`
  const at = mirrorOf(dir, server.url, more)
  return {
    ...at,
    remote,
    server,
    dir,
    async [Symbol.asyncDispose]() {
      at[Symbol.dispose]()
      await server[Symbol.asyncDispose]()
      root[Symbol.dispose]()
    },
  }
}

/** Of every process there is. */
const commandLines = (): string[] => {
  if (!existsSync('/proc/self/cmdline')) return execFileSync('ps', ['-axo', 'args']).toString().split('\n')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
      } catch (error) {
        // It ended between the listing and the reading.
        expect(error).toBeInstanceOf(Error)
        return []
      }
    })
}

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('several commits and the tip come in one fetch, over HTTP with the token', async () => {
  await using at = await setUp()
  const first = at.remote.commit({ a: '1' })
  const [left, right] = [at.remote.commit({ a: 'l' }, [first]), at.remote.commit({ a: 'r' }, [first])]
  at.remote.branch(first)
  expect(await at.mirror.fetch([left, right])).toEqual({ tip: first })
  expect(at.server.seen).toEqual({ fetches: 1, refused: 0 })
  expect(await at.mirror.isAncestor(first, right)).toBe(true)

  const second = at.remote.commit({ a: '2' }, [first])
  at.remote.branch(second)
  expect(await at.mirror.fetch([])).toEqual({ tip: second })
})

test('the token is in no argument, address or file', async () => {
  const args: string[] = []
  await using at = await setUp()
  const head = at.remote.commit({ a: '1' })
  at.remote.branch(head)
  // While git asks, its processes and their arguments can be seen by everybody on the machine.
  at.server.instead((request) => {
    if (request.headers.authorization !== undefined) args.push(...commandLines())
    return false
  })
  await at.mirror.fetch([])
  await at.mirror.tree(head, '')
  const encoded = Buffer.from(`x-access-token:${token}`).toString('base64')
  const git = args.filter((line) => line.includes('remote-http'))
  expect(git.length).toBeGreaterThan(0)
  for (const line of args) {
    expect(line).not.toContain(encoded)
    expect(line).not.toContain(token)
  }
  for (const file of filesBelow(at.dir)) {
    const text = readFileSync(file, 'latin1')
    expect(text.includes(encoded) || text.includes(token)).toBe(false)
  }
  expect(readFileSync(`${at.dir}/7/config`, 'utf8')).not.toMatch(/remote|promisor|extraheader/i)
})

test('a token that is refused, and one that cannot be had', async () => {
  await using at = await setUp({ token: async () => 'wrong' })
  at.remote.branch(at.remote.commit({ a: '1' }))
  const refused = at.mirror.fetch([])
  await expect(refused).rejects.toMatchObject({ name: 'GitError', code: 'unavailable' })
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('wrong') })

  await using none = await setUp({ token: () => Promise.reject(new Error('the App is suspended')) })
  await expect(none.mirror.fetch([])).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('the App is suspended'),
  })
})

test('a redirect is not followed: a renamed repository is not the configured one', async () => {
  await using at = await setUp()
  at.remote.branch(at.remote.commit({ a: '1' }))
  const elsewhere: string[] = []
  at.server.instead((request, response) => {
    if (!request.url?.startsWith('/acme/access.git')) {
      elsewhere.push(request.url ?? '')
      return false
    }
    response.writeHead(301, { location: request.url.replace('access', 'renamed') }).end()
    return true
  })
  await expect(at.mirror.fetch([])).rejects.toMatchObject({ code: 'unavailable' })
  expect(elsewhere).toEqual([])
})

test('a commit that the server lacks is named, and spoils nobody else', async () => {
  await using at = await setUp()
  const head = at.remote.commit({ a: '1' })
  const other = at.remote.commit({ a: '2' })
  at.remote.branch(head)
  const absent = 'd'.repeat(40)
  const [bad, good] = await Promise.allSettled([at.mirror.fetch([absent]), at.mirror.fetch([other])])
  expect(bad).toMatchObject({
    status: 'rejected',
    reason: { code: 'missing', message: expect.stringContaining(absent) },
  })
  expect(good).toEqual({ status: 'fulfilled', value: { tip: head } })
  expect(await at.mirror.has(other)).toBe(true)
})

test('a branch that is not there', async () => {
  await using at = await setUp()
  at.remote.branch(at.remote.commit({ a: '1' }), 'trunk')
  await expect(at.mirror.fetch([])).rejects.toMatchObject({
    code: 'missing',
    message: 'acme/access has no branch main',
  })
})

test('a force-pushed branch moves the tip, and what it left stays readable', async () => {
  await using at = await setUp()
  const base = at.remote.commit({ a: '1' })
  const old = at.remote.commit({ a: '2' }, [base])
  at.remote.branch(old)
  await at.mirror.fetch([])
  const forced = at.remote.commit({ a: '3' }, [base])
  at.remote.branch(forced)
  at.remote.git(['-c', 'gc.pruneExpire=now', 'prune', '--expire=now'])
  expect(await at.mirror.fetch([])).toEqual({ tip: forced })
  // The server has forgotten it; the mirror has not.
  expect(await at.mirror.fetch([old])).toEqual({ tip: forced })
  expect(await at.mirror.firstParents(old, forced)).toBeUndefined()
})

test('callers that come during a fetch share the next one', async () => {
  await using at = await setUp()
  const head = at.remote.commit({ a: '1' })
  at.remote.branch(head)
  const tips = await Promise.all([...Array(10)].map(() => at.mirror.fetch([head])))
  expect(new Set(tips.map(({ tip }) => tip))).toEqual(new Set([head]))
  expect(at.server.seen.fetches).toBe(1)

  const second = at.remote.commit({ a: '2' }, [head])
  let later: Promise<{ tip: string }>[] = []
  at.server.instead((request) => {
    if (later.length === 0 && request.url?.includes('info/refs')) {
      later = [at.mirror.fetch([second]), at.mirror.fetch([])]
      at.remote.branch(second)
    }
    return false
  })
  await at.mirror.fetch([])
  expect(await Promise.all(later)).toEqual([{ tip: second }, { tip: second }])
  expect(at.server.seen.fetches).toBe(3)
})

test('a mirror that vanishes, half exists or is damaged is made anew', async () => {
  await using at = await setUp()
  const head = at.remote.commit({ 'requests/a.yaml': 'one' })
  at.remote.branch(head)
  const whole = async () => {
    expect(await at.mirror.fetch([head])).toEqual({ tip: head })
    expect(await at.mirror.tree(head, 'requests')).toHaveLength(1)
    expect(Buffer.from(await at.mirror.blob(at.remote.blob('one'), 10)).toString()).toBe('one')
    at.time.now += 61_000
  }
  await whole()

  rmSync(`${at.dir}/7`, { recursive: true })
  await whole()

  rmSync(`${at.dir}/7/objects`, { recursive: true })
  await whole()

  writeFileSync(`${at.dir}/7/refs/gitsudo/branch.lock`, '')
  at.remote.branch(at.remote.commit({ b: '' }, [head]))
  await expect(at.mirror.fetch([])).resolves.toBeTruthy()
  at.remote.branch(head)
  at.time.now += 61_000
  await whole()

  writeFileSync(`${at.dir}/7/refs/gitsudo/branch`, 'nonsense')
  await whole()

  for (const file of filesBelow(`${at.dir}/7/objects`)) {
    rmSync(file)
    writeFileSync(file, 'rubbish')
  }
  // A running reader still holds the packs that it opened.
  at.git.close()
  await expect(at.mirror.tree(head, 'requests')).rejects.toBeTruthy()
  await whole()
})

test('an object whose bytes are not its id is damage, and repaired by the next fetch', async () => {
  await using at = await setUp()
  const head = at.remote.commit({ 'requests/a.yaml': 'one' })
  at.remote.branch(head)
  await at.mirror.fetch([])
  const wanted = at.remote.blob('one')
  const other = at.remote.blob('two')
  const objects = `${at.dir}/7/objects`
  const loose = (sha: string) => join(objects, sha.slice(0, 2), sha.slice(2))
  const swap = () => {
    at.git.close()
    rmSync(objects, { recursive: true })
    cpSync(`${at.remote.dir}/objects`, objects, { recursive: true })
    rmSync(loose(wanted))
    cpSync(loose(other), loose(wanted))
  }
  swap()
  await expect(at.mirror.blob(wanted, 10)).rejects.toMatchObject({ code: 'corrupt' })
  await at.mirror.fetch([])
  expect(Buffer.from(await at.mirror.blob(wanted, 10)).toString()).toBe('one')

  // A remote that breaks it at every turn is not cloned at every turn.
  swap()
  rmSync(loose(wanted))
  await expect(at.mirror.entry(head, 'requests/a.yaml')).rejects.toMatchObject({ code: 'corrupt' })
  await expect(at.mirror.fetch([])).rejects.toMatchObject({ code: 'corrupt' })
  at.time.now += 61_000
  await at.mirror.fetch([])
  expect(await at.mirror.entry(head, 'requests/a.yaml')).toMatchObject({ sha: wanted })
})

test('packs are joined before they are too many, and nothing is lost that hangs on no ref', async () => {
  await using at = await setUp()
  let head = at.remote.commit({ n: '0' })
  const all: string[] = []
  for (let n = 1; n < 38; n += 1) {
    const aside = at.remote.commit({ aside: String(n) }, [head])
    head = at.remote.commit({ n: String(n) }, [head])
    at.remote.branch(head)
    await at.mirror.fetch([aside])
    all.push(aside, head)
  }
  expect(
    readdirSync(`${at.dir}/7/objects/pack`).filter((name) => name.endsWith('.pack')).length,
  ).toBeLessThan(33)
  for (const commit of all) expect(await at.mirror.tree(commit, '')).toHaveLength(1)
  expect(lines.filter((line) => line.includes('joined'))).toEqual([])
})

test('a server that is away, hangs or breaks off costs time, not the mirror', async () => {
  await using at = await setUp({ timeouts: { fetchMs: 1500 } })
  const head = at.remote.commit({ a: '1' })
  at.remote.branch(head)
  await at.mirror.fetch([])
  const made = statSync(`${at.dir}/7/HEAD`).ino
  for (const status of [500, 502, 403, 404, 429]) {
    at.server.instead((_request, response) => {
      response.writeHead(status).end('no')
      return true
    })
    await expect(at.mirror.fetch([])).rejects.toMatchObject({ code: 'unavailable' })
  }
  at.server.instead(() => true)
  await expect(at.mirror.fetch([])).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('longer than'),
  })
  at.server.instead((request) => {
    request.socket.destroy()
    return true
  })
  await expect(at.mirror.fetch([])).rejects.toMatchObject({ code: 'unavailable' })
  at.server.instead(undefined)
  expect(await at.mirror.fetch([])).toEqual({ tip: head })
  expect(statSync(`${at.dir}/7/HEAD`).ino).toBe(made)
})

test('a repository that is not configured has no mirror', async () => {
  await using at = await setUp()
  expect(() => at.git.mirror(8)).toThrow(expect.objectContaining({ code: 'missing' }))
})
