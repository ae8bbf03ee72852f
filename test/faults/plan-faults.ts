import { type Cell, nameOf, type Phase, planOf } from './cell.ts'
import type { Cloud } from './clouds/cloud.ts'

export type Planned = { readonly cell: Cell; readonly in: Cloud; readonly slot: string }

/** Brings each cell's fault about from its phase on. `kill`: of the replica. */
export const createFaultPlan = (planned: readonly Planned[], kill: () => void) => {
  const met = new Map<Cell, number>()
  let current: readonly Planned[] = []
  let heal: readonly (() => void)[] = []
  const arm = () => {
    heal = current
      .filter(({ cell }) => cell.fault !== 'killed' || !met.has(cell))
      .map(({ cell, in: cloud, slot }) =>
        cloud.faults.plan({
          ...planOf(cell),
          on: [cell.call],
          after: cell.nth - 1,
          ...(cell.shared ? (cell.of === undefined ? {} : { about: cell.of }) : { about: cloud.about(slot) }),
          met() {
            met.set(cell, (met.get(cell) ?? 0) + 1)
            if (cell.fault === 'killed') kill()
          },
        }),
      )
  }
  const clear = () => {
    for (const one of heal) one()
    heal = []
  }
  return {
    /** What nothing has met yet, because nobody happened to look, stays: the next call of that name meets it. */
    begin(phase: Phase, ending?: Cell['ending']): void {
      clear()
      const now = planned.filter(
        ({ cell }) => cell.phase === phase && (ending === undefined || cell.ending === ending),
      )
      current = [...current.filter(({ cell }) => !met.has(cell)), ...now]
      arm()
    },
    /** A new replica begins its looks afresh, and so do the counts. */
    again(): void {
      clear()
      arm()
    },
    clear,
    /** Cells whose fault nothing met: they proved nothing. */
    unmet: (): readonly string[] =>
      planned.filter(({ cell }) => !met.has(cell)).map(({ cell }) => nameOf(cell)),
  }
}
