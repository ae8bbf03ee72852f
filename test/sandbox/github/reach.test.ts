import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commitsBetween, isAncestor } from '../../../app/sandbox/github/history.ts'
import type { History } from '../../../app/sandbox/github/reach.ts'

/** A history in which each commit has up to two earlier ones as parents, as a graph without git. */
const histories = fc
  .array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 1, maxLength: 30 })
  .map((parents) => parents.map((of, at) => (at === 0 ? [] : [...new Set(of.map((n) => n % at))])))

const graphs = histories.chain((parents) =>
  fc.record({
    parents: fc.constant(parents),
    asks: fc.array(fc.tuple(fc.nat(parents.length - 1), fc.nat(parents.length - 1), fc.boolean()), {
      maxLength: 40,
    }),
  }),
)

const named = (n: number) => `c${n}`

test('what lies behind a commit is remembered, and is what a walk finds', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async ({ parents, asks }) => {
      const reached = parents.map(() => new Set<number>())
      for (const [at, of] of parents.entries()) {
        reached[at] = new Set([at, ...of.flatMap((parent) => [...(reached[parent] ?? [])])])
      }
      const history: History = {
        objects: { read: () => Promise.reject(new Error('every commit is known')) } as never,
        parents: new Map(parents.map((of, at) => [named(at), of.map(named)])),
        lines: [],
      }
      const answers = await Promise.all(
        asks.map(async ([from, to, between]) =>
          between
            ? new Set(await commitsBetween(history, named(from), named(to)))
            : isAncestor(history, named(from), named(to)),
        ),
      )
      const expected = asks.map(([from, to, between]) =>
        between
          ? new Set([...(reached[to] ?? [])].filter((n) => !reached[from]?.has(n)).map(named))
          : reached[to]?.has(from),
      )
      expect(answers).toEqual(expected)
      expect(history.lines.length).toBeLessThanOrEqual(4)
    }),
    { numRuns: 500 },
  )
})
