import { type Cell, nameOf, type Phase, planOf } from './cell.ts'
import type { Cloud } from './clouds/cloud.ts'

export type Planned = { readonly cell: Cell; readonly in: Cloud; readonly slot: string }

/** Brings each cell's fault about from its phase on. `kill`: of the replica. */
export const createFaultPlan = (planned: readonly Planned[], kill: () => void) => {
  const met = new Set<Cell>()
  let begun: readonly Planned[] = []
  let heal: readonly (() => void)[] = []
  const arm = ({ cell, in: cloud, slot }: Planned, after: number) =>
    cloud.faults.plan({
      ...planOf(cell),
      on: [cell.call],
      after,
      about: 'says' in cell ? cell.says : cloud.about(slot),
      met() {
        met.add(cell)
        if (cell.fault === 'killed') kill()
      },
    })
  const clear = () => {
    for (const one of heal) one()
    heal = []
  }
  const unmet = () => planned.filter(({ cell }) => !met.has(cell)).map(({ cell }) => cell)
  return {
    /** What a neighbour's fault kept from being met stays: the next call of that name meets it. */
    begin(phase: Phase): void {
      clear()
      const left = begun.filter(({ cell }) => !met.has(cell))
      const now = planned.filter(({ cell }) => cell.phase === phase)
      heal = [
        ...left.map((one) => arm(one, 0)),
        ...now.map((one) => arm(one, 'nth' in one.cell ? one.cell.nth - 1 : 0)),
      ]
      begun = [...begun, ...now]
    },
    clear,
    /** Ends the faults that were met; the next call of its name meets what was not. */
    heal(): void {
      clear()
      heal = begun.filter(({ cell }) => !met.has(cell)).map((one) => arm(one, 0))
    },
    /** Whether every fault of that phase has been met. */
    met: (phase: Phase): boolean => unmet().every((cell) => cell.phase !== phase),
    /** Cells whose fault nothing met: they proved nothing. */
    unmet: (): readonly string[] => unmet().map(nameOf),
  }
}
