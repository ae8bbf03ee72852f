import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import { templateWith } from '../../attacks/support/odd-world.ts'
import { openTestWorld } from '../../support/world.ts'
import { commitsOf } from './commits.ts'
import { atHome } from './rules.ts'

/** The service with real Git, GitHub over HTTP and PostgreSQL, for all sequences one after another. */
export const setStage = async () => {
  const file = (name: string) =>
    readFile(new URL(`../../../policies/data/${name}.yaml`, import.meta.url), 'utf8')
  const usual = atHome({
    groups: await file('groups'),
    identities: await file('identities'),
    roles: await file('roles'),
  })
  const template = await templateWith(
    Object.fromEntries(Object.entries(usual).map(([name, text]) => [`${name}.yaml`, () => text])),
  )
  const t = await openTestWorld({ merge: 'manual', template })
  // A dead worker's job comes back after 3 s, not 10.
  await t.query('update pgboss.queue set heartbeat_seconds = 3')
  const database = new pg.Client({ connectionString: t.superuserUrl })
  await database.connect()
  let replica: Service = await t.start()
  const { admin } = t.github
  const { faults } = admin
  const commits = commitsOf(join(t.dir, 'world', 'github'))
  const clones = new Map<Login, ReturnType<typeof t.clone>>()
  const cloneOf = (who: Login) => {
    const known = clones.get(who) ?? t.clone(who)
    clones.set(who, known)
    return known
  }

  let mode: () => void = () => undefined
  /** From here on deliveries meet this; those that were held before stay so. */
  const post = (happens: 'delay' | 'drop' | 'double' | 'reorder'): void => {
    mode()
    mode = faults.deliveries({ happens })
  }
  let away = false
  const be = (gone: boolean): void => {
    away = gone
    if (away)
      faults.api({
        answer: 'bad-gateway',
        method: 'GET',
        path: /\/(reviews|permission|check-runs|comments)$/,
      })
  }
  /** Everything held goes its way; what is sent from here on is held. */
  const release = (): void => {
    faults.clear()
    mode = faults.deliveries({ happens: 'delay' })
    be(away)
  }
  post('delay')

  const isQuiet = async (): Promise<boolean> => {
    if (admin.pendingDeliveries() > 0) release()
    const { rows } = await database.query(`
      select 1 from pgboss.job
      where name in ('pull-request', 'branch', 'grant', 'publish', 'merge-group') and state in ('created', 'retry', 'active')
      union all select 1 from ledger_staged where not refused limit 1`)
    return rows.length === 0 && admin.pendingDeliveries() === 0
  }

  const first = (await t.api<{ sha: string }>('GET', '/commits/main')).sha
  return {
    t,
    usual,
    commits,
    post,
    release,
    be,
    /** The accepted policy commit, and when it took the place of another (epoch ms). */
    policy: { first, accepted: first, loaded: undefined as number | undefined },
    calls: () => {
      const { reads, writes } = admin.counters()
      return reads + writes
    },
    isQuiet,
    quiet: () => until('everything to be looked at', isQuiet, 60_000),
    /** The replica dies, and another one takes its place, and has asked GitHub what was missed. */
    async kill(): Promise<void> {
      await replica.kill()
      const asked = () => admin.counters().calls['GET /repos/{owner}/{repo}/issues/comments'] ?? 0
      const before = asked()
      replica = await t.start()
      if (!away) await until('the replica to catch up', async () => asked() > before)
    },
    /** Sealed events after this one, in order. */
    async sealedAfter(seq: number): Promise<readonly LedgerEvent[]> {
      const { rows } = await database.query<{ body: Buffer }>(
        'select body from audit_events where seq > $1 order by seq',
        [seq],
      )
      return rows.map(({ body }) => JSON.parse(body.toString('utf8')) as LedgerEvent)
    },
    /** Pushes one commit on top of `onto` (a commit, or a branch of the origin's) to `branch`; answers it, or undefined where GitHub lets this person not. */
    async push(
      who: Login,
      branch: string,
      onto: string,
      files: Readonly<Record<string, string | null | { readonly text: string; readonly mode: string }>>,
    ): Promise<string | undefined> {
      const { dir, git, commit } = await cloneOf(who)
      if (!(await allowed(git('fetch', '--quiet', 'origin')))) return undefined
      await git('checkout', '--quiet', '--force', '--detach', onto)
      const there = new Set((await git('ls-tree', '-r', '--name-only', 'HEAD')).split('\n'))
      const old = Object.keys(files).filter((path) => there.has(path))
      // What is a link here is not to be written through.
      if (old.length > 0) await git('rm', '--cached', '--quiet', '--force', '--', ...old)
      for (const path of old) await rm(join(dir, path), { recursive: true, force: true })
      const texts = Object.entries(files).flatMap(([path, file]) =>
        file === null ? [] : [[path, typeof file === 'string' ? file : file.text] as const],
      )
      await commit(Object.fromEntries(texts))
      for (const [path, file] of Object.entries(files)) {
        if (file === null || typeof file === 'string') continue
        const id = await git('rev-parse', file.mode === submodule ? 'HEAD' : `HEAD:${path}`)
        await git('update-index', '--add', '--cacheinfo', `${file.mode},${id},${path}`)
        await git('commit', '--quiet', '--amend', '--no-edit', '--allow-empty')
        await rm(join(dir, path))
      }
      await git('reset', '--quiet', '--hard')
      const head = await git('rev-parse', 'HEAD')
      return (await allowed(git('push', '--quiet', '--force', 'origin', `${head}:refs/heads/${branch}`)))
        ? head
        : undefined
    },
    /** Sets a branch to a commit that is there, forced; answers it, as `push` does. */
    async move(who: Login, branch: string, to: string): Promise<string | undefined> {
      const { git } = await cloneOf(who)
      // A commit that no branch has any more has to be asked for.
      const wanted = /^[0-9a-f]{40}$/.test(to) ? [to] : []
      if (!(await allowed(git('fetch', '--quiet', 'origin', ...wanted)))) return undefined
      return (await allowed(git('push', '--quiet', '--force', 'origin', `${to}:refs/heads/${branch}`)))
        ? to
        : undefined
    },
    /** Merges `head` into main by hand with these files besides; answers the merge. */
    async mergeByHand(
      who: Login,
      head: string,
      files: Readonly<Record<string, string>>,
    ): Promise<string | undefined> {
      const { git, commit } = await cloneOf(who)
      await git('fetch', '--quiet', 'origin')
      await git('checkout', '--quiet', '--force', '--detach', 'origin/main')
      if (commits.conflict(await git('rev-parse', 'HEAD'), head)) return undefined
      await git('merge', '--quiet', '--no-ff', '--message', 'Merge', head)
      const merge =
        Object.keys(files).length === 0 ? await git('rev-parse', 'HEAD') : await commit(files, '--amend')
      await git('push', '--quiet', 'origin', `${merge}:refs/heads/main`)
      return merge
    },
    async bindings(): Promise<readonly string[]> {
      return (await database.query<{ grant_id: string }>('select grant_id from mock_bindings')).rows.map(
        (row) => row.grant_id,
      )
    },
    async close(): Promise<void> {
      await database.end()
      await replica.kill()
      faults.clear()
      await t.close()
      await rm(template, { recursive: true, force: true })
    },
  }
}
export type Stage = Awaited<ReturnType<typeof setStage>>

const submodule = '160000'

/** Whether GitHub let a person fetch or push; it tells of nothing that one may not see. */
const allowed = async (asked: Promise<unknown>): Promise<boolean> => {
  try {
    await asked
    return true
  } catch (error) {
    if (error instanceof Error && /403|Repository not found|rejected/.test(error.message)) return false
    throw error
  }
}
