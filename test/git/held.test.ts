import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mirrorOf } from './mirror-of.ts'
import { folder, repository } from './remote.ts'

/** `x` is a file here and a folder there; names may hold what separates git's answers. */
const paths = [
  'requests/2026/x',
  'requests/2026/x/y.yaml',
  'requests/\nz',
  'requests/ä',
  'elsewhere/a',
  'requests-b',
]
const asked = [...paths, 'requests/2026', 'requests/2026/x/y.yaml/z', 'z']

type Step = {
  readonly files: readonly string[]
  readonly side: number
  readonly main: boolean
  readonly seen: boolean
}
const step: fc.Arbitrary<Step> = fc.record({
  files: fc.subarray(paths),
  side: fc.nat(),
  main: fc.boolean(),
  seen: fc.boolean(),
})

const at = (files: readonly string[], seen = false): Step => ({ files, side: 0, main: true, seen })
const y = 'requests/2026/x/y.yaml'
/** Held before the line begins, and brought again after it was gone. */
const heldGoneAgain = [at([y], true), at([]), at([y])]
/** The same, asked about when it is back. */
const againAndAsked = [at([y], true), at([], true), at(['requests/2026/x/y.yaml', 'requests/ä'], true)]

test('whether a path was ever held is what the history says, however the branch grew and was looked at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (history) => {
      using root = folder()
      const remote = repository(root.path)
      using at = mirrorOf(`${root.path}/mirrors`, (name) => `file://${root.path}/${name}.git`)
      const commits = [remote.commit({ base: '' })]
      /** What lies in a commit or any of those before it. */
      const lay = new Map<string, ReadonlySet<string>>()
      const line = [...commits]
      for (const { files, side, main, seen } of history) {
        const tip = line.at(-1) ?? ''
        const other = commits[side % commits.length] ?? tip
        const entries = files.filter((file) => !files.some((one) => one.startsWith(`${file}/`)))
        const parents = main ? [...new Set([tip, other])] : [other]
        const sha = remote.commit(
          Object.fromEntries(entries.map((file) => [file, ''])),
          parents,
          `${commits.length}`,
        )
        lay.set(sha, new Set([...entries, ...parents.flatMap((parent) => [...(lay.get(parent) ?? [])])]))
        commits.push(sha)
        if (main) line.push(sha)
        remote.branch(line.at(-1) ?? '')
        if (!seen) continue
        await at.mirror.fetch([])
        // Asked while the branch grows, as requests are.
        for (const path of asked.slice(0, files.length)) await at.mirror.everHeld(line.at(-1) ?? '', path)
      }
      await at.mirror.fetch(commits)
      for (const commit of new Set(commits)) {
        for (const path of asked) {
          const due = [...(lay.get(commit) ?? [])].some((one) => one === path || one.startsWith(`${path}/`))
          expect([commit, path, await at.mirror.everHeld(commit, path)]).toEqual([commit, path, due])
        }
      }
    }),
    { numRuns: 6, examples: [[heldGoneAgain], [againAndAsked]] },
  )
})
