import { inTurn } from '../reconcile/in-turn.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import { GitError, type Sha } from '../reconcile/ports/git.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { runGit } from './child.ts'
import { gitEnvironment } from './environment.ts'
import { explainFetchFailure } from './fetch-failure.ts'
import { ensureFolder, removeFolder } from './folder.ts'
import { type Objects, tipRef } from './objects.ts'
import { repack } from './repack.ts'
import { requireSha } from './sha.ts'

/** A mirror that breaks again and again is the remote's fault: cloning it at every turn would help nobody. */
const anewEveryMs = 60_000

export type FetcherOptions = {
  readonly gitDir: string
  readonly fullName: string
  readonly branch: string
  readonly url: string
  readonly token: () => Promise<string>
  readonly objects: Objects
  readonly clock: Clock
  readonly log: Log
  readonly fetchTimeoutMs: number
  readonly cloneTimeoutMs: number
}

export type Fetcher = {
  fetch(wants: readonly Sha[]): Promise<{ readonly tip: Sha }>
  /** A read found damage: the next fetch makes the mirror anew. */
  suspect(): void
}

type Outcome = { readonly tip: Sha; readonly missing: ReadonlySet<Sha> }

/** Keeps one mirror up to date, one fetch at a time; makes it anew when it is damaged or gone. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const { gitDir, fullName, branch, url, objects, clock, log } = options
  let damaged = false
  let madeAnewAt = Number.NEGATIVE_INFINITY
  const turn = inTurn()
  let next: { readonly wants: Set<Sha>; readonly outcome: Promise<Outcome> } | undefined

  async function makeAnew(why: string): Promise<void> {
    if (clock.now() - madeAnewAt < anewEveryMs) {
      throw new GitError(
        'corrupt',
        `the mirror of ${fullName} is damaged though it has just been made anew: ${why}`,
      )
    }
    log.warn('a damaged mirror is made anew', { repository: fullName, why })
    madeAnewAt = clock.now()
    objects.stop()
    await removeFolder(gitDir)
    damaged = false
  }

  async function ask(wants: ReadonlySet<Sha>): Promise<string | undefined> {
    const created = await ensureFolder(gitDir, gitEnvironment())
    if (created) objects.stop()
    const ran = await runGit(
      [
        `--git-dir=${gitDir}`,
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--no-recurse-submodules',
        '--refmap=',
        url,
        `+refs/heads/${branch}:${tipRef}`,
        ...wants,
      ],
      {
        env: gitEnvironment({ url, token: await tokenFor() }),
        timeoutMs: created ? options.cloneTimeoutMs : options.fetchTimeoutMs,
      },
    )
    return ran.code === 0 ? undefined : ran.stderr
  }

  const tokenFor = async () => {
    try {
      return await options.token()
    } catch (cause) {
      throw new GitError(
        'unavailable',
        `no token for ${fullName}: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      )
    }
  }

  async function round(asked: ReadonlySet<Sha>): Promise<Outcome> {
    const wants = new Set(asked)
    const missing = new Set<Sha>()
    if (damaged) await makeAnew('an object could not be read')
    for (;;) {
      const stderr = await ask(wants)
      const failure = stderr === undefined ? undefined : explainFetchFailure(stderr)
      if (failure?.kind === 'no-commit' && wants.delete(failure.sha)) {
        // The server may have forgotten what the mirror still holds.
        if (!(await objects.info(failure.sha))) missing.add(failure.sha)
        continue
      }
      if (failure?.kind === 'no-branch') throw new GitError('missing', `${fullName} has no branch ${branch}`)
      if (failure?.kind === 'remote')
        throw new GitError('unavailable', `${fullName} could not be fetched: ${failure.why}`)
      if (failure) {
        await makeAnew(
          'why' in failure ? failure.why : `the server lacks ${failure.sha}, which nobody asked for`,
        )
        continue
      }
      const tip = await readTip()
      if (tip === undefined) {
        await makeAnew("the branch's tip cannot be read")
        continue
      }
      await tidy()
      return { tip, missing }
    }
  }

  /** What has been fetched is there: joining packs may fail without harm, but not unnoticed. */
  async function tidy(): Promise<void> {
    try {
      await repack(gitDir, gitEnvironment(), options.fetchTimeoutMs)
    } catch (error) {
      log.warn("a mirror's packs could not be joined", { repository: fullName, error: String(error) })
      damaged = error instanceof GitError && error.code === 'corrupt'
    }
  }

  /** The tip, if the mirror really holds it. */
  async function readTip(): Promise<Sha | undefined> {
    try {
      const tip = await objects.tip()
      if (tip) await objects.contents(tip.sha, 'commit', tip.size)
      return tip?.sha
    } catch (error) {
      if (error instanceof GitError && error.code !== 'unavailable') return undefined
      throw error
    }
  }

  return {
    suspect: () => {
      damaged = true
    },
    async fetch(wants) {
      wants.forEach(requireSha)
      // A fetch under way may have read the branch before what the caller heard of: whoever comes meanwhile
      // shares the next one.
      if (!next) {
        const shared = new Set<Sha>()
        const outcome = turn(() => {
          next = undefined
          return round(shared)
        })
        next = { wants: shared, outcome }
      }
      for (const sha of wants) next.wants.add(sha)
      const { tip, missing } = await next.outcome
      const lacking = wants.filter((sha) => missing.has(sha))
      if (lacking.length > 0) throw new GitError('missing', `${fullName} has no commit ${lacking.join(', ')}`)
      return { tip }
    },
  }
}
