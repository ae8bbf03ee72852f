import { expect, test } from 'vitest'
import { tenth } from '../support/tenth.ts'
import { type Cell, cellsOf, cohortsOf, nameOf } from './cell.ts'
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

/** Undisturbed ones of a kind: a call that one of them did without is no call to wait for. */
const lives = 3

test.for(stages)('whatever any call meets: $of', { timeout: 3_600_000 }, async ({ clouds }) => {
  const stage = await openStage(clouds)
  try {
    const undisturbed = await playCohort(
      stage,
      stage.clouds.flatMap(({ name: cloud }) =>
        (['revoked', 'expired'] as const).flatMap((ending) => Array<Part>(lives).fill({ cloud, ending })),
      ),
    )
    expect(undisturbed.wrong).toEqual([])
    const wrong: string[] = []
    const unmet: string[] = []
    const possible = ({ cloud, fault }: Cell) =>
      stage.clouds.find(({ name }) => name === cloud)?.spared?.includes(fault) !== true
    const cells = chosen(cellsOf(undisturbed.spots).filter(possible))
    for (const cohort of cohortsOf(cells)) {
      const began = Date.now()
      const parts = cohort.map((cell) => ({ cloud: cell.cloud, ending: cell.ending, cell }))
      const played = await playCohort(stage, parts)
      wrong.push(...played.wrong)
      unmet.push(...played.unmet)
      const seconds = Math.round((Date.now() - began) / 1000)
      console.log(
        [
          `${cohort.length} cells in ${seconds} s`,
          ...played.wrong,
          ...played.unmet.map((cell) => `not met: ${cell}`),
        ].join('\n'),
      )
    }
    expect(wrong).toEqual([])
    // Whoever only looks may have looked a moment before.
    expect(unmet.length).toBeLessThanOrEqual(1 + cells.length / 10)
    expect(await stage.world.verifyLedger()).toMatchObject({ status: 0 })
  } finally {
    await stage.close()
  }
})

/** Those whose names `GITSUDO_CELLS` matches, else what a run has time for. */
const chosen = (cells: readonly Cell[]): readonly Cell[] => {
  const { GITSUDO_CELLS: wanted } = process.env
  return wanted === undefined ? tenth(cells) : cells.filter((cell) => new RegExp(wanted).test(nameOf(cell)))
}
