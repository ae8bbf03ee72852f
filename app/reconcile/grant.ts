import { nextStep } from '../grant/next-step.ts'
import { createSighted } from '../grant/sighted.ts'
import { act } from './grant/act.ts'
import { createBindingLock } from './grant/binding.ts'
import type { GrantDeps } from './grant/deps.ts'
import { createRecorder, done, moved } from './grant/record.ts'
import { observe, viewOf } from './grant/situation.ts'

/** More steps than any way through the table of states takes. */
const mostSteps = 24

/**
 * Looks at one grant: verified intent, row and what the cloud says → `nextStep` → act → seal → save, until there
 * is nothing to do before the row's `lookAt`. May be called at any time, any number of times; a crash at any line
 * is repaired by looking again.
 */
export const createGrantReconciler = (given: GrantDeps) => {
  const deps = { ...given, recorder: createRecorder(given), sighted: createSighted() }
  const lock = createBindingLock(deps)
  return {
    /** @throws when the store or the ledger cannot be reached, the signal aborts, or others keep changing the row */
    async look(id: string, signal: AbortSignal): Promise<void> {
      let situation = await observe(deps, id)
      for (let step = 0; step < mostSteps; step++) {
        signal.throwIfAborted()
        if (situation === undefined) return deps.log.warn('no such grant', { grant: id })
        const next = await act(
          deps,
          lock,
          situation,
          nextStep(viewOf(deps, situation), deps.clock.now()),
          signal,
        )
        if (next === done) return
        situation = next === moved ? await observe(deps, id) : next
      }
      throw new Error(`grant ${id} keeps changing while it is looked at`)
    },
  }
}
