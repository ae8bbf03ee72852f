import { createHash } from 'node:crypto'
import type { AnchorBranch } from '../../../app/reconcile/ports/anchor.ts'
import { GitHubError } from '../../../app/reconcile/ports/github.ts'

type Files = ReadonlyMap<string, string>

/**
 * The anchor branch in memory. `fault` fails the next call of that name, before it happens or, `after`, when it has;
 * `put` is somebody else with write access, who may move it anywhere.
 */
export const memoryAnchorBranch = (): AnchorBranch & {
  tips(): readonly string[]
  writes(): number
  at(commit: string): Files
  put(files: Files, on?: string): string
  move(to: string | undefined): void
  /** What happens once between the next call of that name and its answer. */
  after(call: 'tip' | 'commit', happens: () => Promise<void>): void
  fault(call: keyof AnchorBranch, error: Error, when?: 'before' | 'after'): void
} => {
  const commits = new Map<string, { readonly files: Files; readonly parent?: string }>()
  const faults: { readonly call: string; readonly error: Error; readonly when: 'before' | 'after' }[] = []
  const tips: string[] = []
  let tip: string | undefined
  let writes = 0
  const meanwhile = new Map<string, () => Promise<void>>()

  const meet = (call: string, when: 'before' | 'after'): void => {
    const index = faults.findIndex((fault) => fault.call === call && fault.when === when)
    const [fault] = index < 0 ? [] : faults.splice(index, 1)
    if (fault !== undefined) throw fault.error
  }
  const around = async <T>(call: string, work: () => T): Promise<T> => {
    meet(call, 'before')
    const answer = work()
    meet(call, 'after')
    const happens = meanwhile.get(call)
    meanwhile.delete(call)
    await happens?.()
    return answer
  }
  const make = (changed: Files, parent: string | undefined): string => {
    const before = parent === undefined ? undefined : commits.get(parent)
    const files = new Map([...(before?.files ?? []), ...changed])
    const sha = createHash('sha1')
      .update(JSON.stringify([[...files], parent, commits.size]))
      .digest('hex')
    commits.set(sha, { files, ...(parent === undefined ? {} : { parent }) })
    tip = sha
    tips.push(sha)
    return sha
  }
  const descends = (ancestor: string, descendant: string | undefined): boolean =>
    descendant !== undefined &&
    (ancestor === descendant || descends(ancestor, commits.get(descendant)?.parent))

  return {
    tip: () => around('tip', () => tip),
    file: (commit, path) => around('file', () => commits.get(commit)?.files.get(path)),
    parents: (commit) =>
      around('parents', () => {
        const parent = commits.get(commit)?.parent
        return parent === undefined ? [] : [parent]
      }),
    descends: (ancestor, descendant) => around('descends', () => descends(ancestor, descendant)),
    commit: ({ parent, files }) =>
      around('commit', () => {
        if (tip !== parent) throw new GitHubError('conflict', 'the branch is elsewhere')
        writes += 1
        return make(files, parent)
      }),
    tips: () => tips,
    writes: () => writes,
    at: (commit) => commits.get(commit)?.files ?? new Map(),
    put: (files, on = tip) => make(files, on),
    move: (to) => {
      tip = to
    },
    after: (call, happens) => void meanwhile.set(call, happens),
    fault: (call, error, when = 'before') => {
      faults.push({ call, error, when })
    },
  }
}
