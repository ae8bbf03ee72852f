import fc from 'fast-check'
import { expect, test } from 'vitest'
import { together } from '../../app/reconcile/together.ts'

test('each call gets its own answer or its own fault, whoever shares its turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ n: fc.nat(), fails: fc.boolean() }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (scheduler, calls, most) => {
        let underWay = 0
        const one = together<(typeof calls)[number], number>(async (given) => {
          expect(++underWay).toBe(1)
          expect(given.length).toBeLessThanOrEqual(most)
          await scheduler.schedule(Promise.resolve())
          underWay--
          const bad = given.find(({ fails }) => fails)
          if (bad) throw new Error(`${bad.n}`)
          return given.map(({ n }) => n)
        }, most)
        const settled = Promise.allSettled(calls.map((call) => one(call)))
        await scheduler.waitFor(settled)
        expect(await settled).toEqual(
          calls.map(({ n, fails }) =>
            fails ? { status: 'rejected', reason: new Error(`${n}`) } : { status: 'fulfilled', value: n },
          ),
        )
      },
    ),
  )
})
