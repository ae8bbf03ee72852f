import type { Config } from '../config.ts'
import { type AnchorDeps, createAnchorer } from '../reconcile/anchor.ts'
import type { Ledger } from '../reconcile/ports/ledger.ts'
import type { Ports } from './ports.ts'

/** What anchors stand on; undefined where none is configured. */
export const anchorDeps = ({ anchorRepository, instance }: Config, ports: Ports): AnchorDeps | undefined =>
  anchorRepository === undefined || ports.anchor === undefined
    ? undefined
    : { ...ports, branch: ports.anchor, instance, repository: anchorRepository.id }

export type Anchoring = {
  readonly repository: number
  readonly anchorer: ReturnType<typeof createAnchorer>
}

export const anchoringOf = (config: Config, ports: Ports): Anchoring | undefined => {
  const deps = anchorDeps(config, ports)
  return deps === undefined ? undefined : { repository: deps.repository, anchorer: createAnchorer(deps) }
}

/** The ledger, whose standing gives nothing to anybody while it may lack what was anchored (trust.md 3.11). */
export const doubting = (ledger: Ledger, anchoring: Anchoring | undefined): Ledger =>
  anchoring === undefined
    ? ledger
    : {
        ...ledger,
        async standing() {
          const found = await ledger.standing()
          const broken = found.broken ?? anchoring.anchorer.doubt()
          return { ...found, ...(broken === undefined ? {} : { broken }) }
        },
      }
