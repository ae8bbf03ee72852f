import type { Intent } from './intent.ts'
import type { Open } from './standing.ts'

/** What the cloud of that name may hold for grants, by the ledger: those given or being given, and not known to be over. */
export const intentsOf = (open: ReadonlyMap<string, Open>, provider: string): readonly Intent[] =>
  [...open.values()].flatMap(({ intent, stage }) =>
    intent.provider === provider && stage !== 'scheduled' ? [intent] : [],
  )
