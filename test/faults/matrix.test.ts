import { describe, test } from 'vitest'
import { tenth } from '../support/tenth.ts'
import { type Cell, cellsOf, cohortsOf, fateOf, mischiefs, nameOf, spotsOf } from './cell.ts'
import { openIdentityCenter, openSts } from './clouds/aws.ts'
import { openAzure, openPim } from './clouds/azure.ts'
import { deedOf, type OpenCloud } from './clouds/cloud.ts'
import { openGcp } from './clouds/gcp.ts'
import { openKubernetes } from './clouds/kubernetes.ts'
import { openMock } from './clouds/mock.ts'
import { type Part, playCohort } from './cohort.ts'
import { openStage, type Stage } from './stage.ts'

/** One service has one way into each cloud. */
const stages: readonly { readonly of: string; readonly clouds: readonly OpenCloud[] }[] = [
  {
    of: 'AssumeRole, role assignments and Kubernetes',
    clouds: [openSts, openAzure, openKubernetes],
  },
  {
    of: 'Identity Center, PIM, Google Cloud and the mock',
    clouds: [openIdentityCenter, openPim, openGcp, openMock],
  },
]

const limitMs = 3_600_000

// They wait most of the time: side by side.
describe.concurrent.for(stages)('$of', ({ clouds }) => {
  test('whatever any call meets', { timeout: limitMs }, async ({ expect }) => {
    const stage = await openStage(clouds)
    try {
      // What the matrix is made of is so, and whole. A tenth shows what is not made any more as a fault that was not met.
      for (const parts of process.env.CI ? [] : undisturbed(stage))
        expect(await playCohort(stage, parts)).toEqual({ wrong: [], unmet: [] })
      const played: Awaited<ReturnType<typeof playCohort>>[] = []
      const cells = stage.clouds.flatMap(({ name, calls, spared }) => cellsOf(spotsOf(name, calls), spared))
      for (const cohort of cohortsOf(chosen(cells))) {
        const began = performance.now()
        const parts = cohort.map((cell) => ({ cloud: cell.cloud, fate: fateOf(cell), cell }))
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

/** Three lives of each fate in each cloud; what comes back is waited for until the others are over. */
const undisturbed = ({ clouds }: Stage): readonly (readonly Part[])[] => {
  const all = clouds.flatMap((cloud) =>
    (['revoke', 'expire', ...mischiefs.filter((one) => deedOf(cloud, one) !== undefined)] as const).flatMap(
      (fate) => Array<Part>(3).fill({ cloud: cloud.name, fate }),
    ),
  )
  const isLate = ({ fate }: Part) => fate === 'regain'
  return [all.filter((one) => !isLate(one)), all.filter(isLate)].filter(({ length }) => length > 0)
}

/** Those whose names `GITSUDO_CELLS` matches, else what a run has time for. */
const chosen = (cells: readonly Cell[]): readonly Cell[] => {
  const { GITSUDO_CELLS: wanted } = process.env
  return wanted === undefined ? tenth(cells) : cells.filter((cell) => new RegExp(wanted).test(nameOf(cell)))
}
