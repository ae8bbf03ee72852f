import { readdir } from 'node:fs/promises'
import { GitError } from '../reconcile/ports/git.ts'
import { runGit } from './child.ts'

/** Each fetch that checks its objects leaves a pack, and every git process looks through all of them. */
const packLimit = 32

/**
 * Joins small packs when there are many. By size (`--geometric`), not by reachability: commits fetched by SHA
 * hang on no ref and must stay, which is also why git's own gc is off.
 */
export async function repack(gitDir: string, env: Record<string, string>, timeoutMs: number): Promise<void> {
  const packs = (await readdir(`${gitDir}/objects/pack`)).filter((name) => name.endsWith('.pack'))
  if (packs.length <= packLimit) return
  const ran = await runGit([`--git-dir=${gitDir}`, 'repack', '--quiet', '--geometric=2', '-d'], {
    env,
    timeoutMs,
  })
  if (ran.code !== 0) throw new GitError('corrupt', `git repack failed: ${ran.stderr}`)
}
