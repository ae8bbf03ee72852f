import { describe, test } from 'vitest'
import { tenth } from '../support/tenth.ts'
import { type Cell, cellsOf, cohortsOf, endingOf, nameOf, spotsOf } from './cell.ts'
import { openIdentityCenter, openSts } from './clouds/aws.ts'
import { openAzure, openPim } from './clouds/azure.ts'
import type { OpenCloud } from './clouds/cloud.ts'
import { openGcp } from './clouds/gcp.ts'
import { openKubernetes } from './clouds/kubernetes.ts'
import { openMock } from './clouds/mock.ts'
import { type Part, playCohort } from './cohort.ts'
import { openStage } from './stage.ts'

/** One service has one way into each cloud. */
const stages: readonly { readonly of: string; readonly clouds: readonly OpenCloud[] }[] = [
  {
    of: 'AssumeRole, role assignments, Google Cloud, Kubernetes and the mock',
    clouds: [openSts, openAzure, openGcp, openKubernetes, openMock],
  },
  { of: 'Identity Center and PIM', clouds: [openIdentityCenter, openPim] },
]

const limitMs = 3_600_000

// They wait most of the time: side by side.
describe.concurrent.for(stages)('$of', ({ clouds }) => {
  test('whatever any call meets', { timeout: limitMs }, async ({ expect }) => {
    const stage = await openStage(clouds)
    try {
      // What the matrix is made of is so, and whole. A tenth shows what is not made any more as a fault that was not met.
      if (!process.env.CI)
        expect(
          await playCohort(
            stage,
            stage.clouds.flatMap(({ name: cloud }) =>
              (['revoked', 'expired'] as const).flatMap((ending) => Array<Part>(3).fill({ cloud, ending })),
            ),
          ),
        ).toEqual({ wrong: [], unmet: [] })
      const played: Awaited<ReturnType<typeof playCohort>>[] = []
      const cells = stage.clouds.flatMap(({ name, calls, spared }) => cellsOf(spotsOf(name, calls), spared))
      for (const cohort of cohortsOf(chosen(cells))) {
        const began = performance.now()
        const parts = cohort.map((cell) => ({ cloud: cell.cloud, ending: endingOf(cell), cell }))
        played.push(await playCohort(stage, parts))
        console.log(`${cohort.length} cells in ${Math.round((performance.now() - began) / 1000)} s`)
      }
      expect({
        wrong: played.flatMap(({ wrong }) => wrong),
        unmet: played.flatMap(({ unmet }) => unmet),
      }).toEqual({ wrong: [], unmet: [] })
      expect(await stage.world.verifyLedger()).toMatchObject({ status: 0 })
    } finally {
      await stage.close()
    }
  })
})

/** Those whose names `GITSUDO_CELLS` matches, else what a run has time for. */
const chosen = (cells: readonly Cell[]): readonly Cell[] => {
  const { GITSUDO_CELLS: wanted } = process.env
  return wanted === undefined ? tenth(cells) : cells.filter((cell) => new RegExp(wanted).test(nameOf(cell)))
}
